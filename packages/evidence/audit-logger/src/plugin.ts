import { decide, defineGate, onceRoutesKnown, unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { addRegistration } from './app-state.ts'
import { beginCapture, decideIntent } from './capture.ts'
import { decorate } from './decorators.ts'
import { recordEvents } from './events.ts'
import { holdAnswer } from './hold-answer.ts'
import { auditLoggerOptions } from './options.ts'
import type { AuditLoggerOptions, ResolvedAuditLoggerOptions } from './options.ts'
import { isWritableByOthers } from './trail/open-trail.ts'
import { recordUnrouted } from './unrouted.ts'

const NAME = 'audit'

function register(app: FastifyInstance, options: Readonly<ResolvedAuditLoggerOptions>): void {
  const registration = addRegistration(app, options)
  const { trail } = registration
  decorate(app)
  // In the first phase, before any gate refuses: what is refused is recorded too.
  decide(app, { stage: 'onRequest', phase: 'origin', name: NAME, run: beginCapture })
  decide(app, { stage: 'preHandler', phase: 'intent', name: NAME, run: decideIntent })
  app.addHook('onSend', holdAnswer)
  recordEvents(app)
  recordUnrouted(app, registration)
  onceRoutesKnown(app, async () => {
    await trail.open()
    if (await isWritableByOthers(trail.directory)) {
      unsafeSetting(
        app,
        `audit.directory: others than its owner may write to ${trail.directory}, and replace the trail. chmod 700 it.`,
      )
    }
  })
  app.addHook('onClose', () => trail.close())
}

/**
 * Records every request and every security event in a trail on disk: durable before it is acknowledged, and signed, so
 * that what was changed afterwards is found.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION,
 * PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE, PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED,
 * PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED
 */
export const auditLogger: FastifyPluginAsync<AuditLoggerOptions> = defineGate<
  AuditLoggerOptions,
  ResolvedAuditLoggerOptions
>({ name: NAME, package: '@portcullis/audit-logger', options: auditLoggerOptions, register })
