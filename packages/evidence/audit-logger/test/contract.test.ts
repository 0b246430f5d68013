import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { contractSuite } from '@portcullis/kernel/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, describe, it } from 'vitest'
import { auditLogger } from '../src/index.ts'
import type { AuditLoggerOptions } from '../src/index.ts'
import { removeTrails, trailOptions } from './trails.ts'

afterAll(removeTrails)

/** The gate with what it cannot do without, and a directory of its own for each registration. */
async function withTrail(app: FastifyInstance, options: Partial<AuditLoggerOptions>): Promise<void> {
  await app.register(auditLogger, { ...trailOptions(), ...options })
}
// The options of a scope itself, not of a child of it, as the gate's own.
Object.assign(withTrail, { [Symbol.for('skip-override')]: true })

describe('contract', () => {
  contractSuite(it, {
    name: 'audit',
    plugin: withTrail,
    options: { delivery: 'blocking-strict', onSinkFailure: 'fail-closed' },
    lenient: { delivery: 'blocking-strict', onSinkFailure: 'drop' },
    // The hostile requests lose the sink for real: the first removes the file under the server, the second needs it.
    route(scope, { config, handler }) {
      const url = '/guarded'
      scope.route({ method: 'GET', url, config: { ...config }, handler: handler ?? (() => 'hello') })
      scope.get(`${url}/remove-the-trail`, { config: { ...config } }, (request, reply) => {
        if (request.server.hasDecorator('audit')) {
          const file = join(request.server.audit.directory, 'audit.jsonl')
          reply.raw.once('finish', () => rmSync(file, { force: true }))
        }
        return 'removed'
      })
    },
    honest: { method: 'GET', url: '/guarded' },
    hostile: [
      { method: 'GET', url: '/guarded/remove-the-trail' },
      { method: 'GET', url: '/guarded' },
    ],
    refusal: { statusCode: 503, code: 'AUDIT_UNAVAILABLE' },
    event: 'audit.unavailable',
    invalid: [
      { options: { directory: '' }, says: ['audit.directory'] },
      { options: { signingKey: 'a key' }, says: ['audit.signingKey', 'Ed25519'] },
      { options: { subjectSecret: 'short' }, says: ['audit.subjectSecret', '32'] },
      { options: { level: 'all' }, says: ['audit.level', "'metadata'"] },
      { options: { delivery: 'now' }, says: ['audit.delivery', "'blocking-strict'"] },
      { options: { onSinkFailure: 'spool' }, says: ['audit.onSinkFailure', "'drop'"] },
      { options: { maxQueue: Number.NaN }, says: ['audit.maxQueue', 'NaN'] },
      { options: { maxQueue: 0 }, says: ['audit.maxQueue', '0 (number)'] },
      { options: { origin: 'two words' }, says: ['audit.origin'] },
      { options: { action: 'x' }, says: ['audit.action', 'route'] },
    ],
  })
})
