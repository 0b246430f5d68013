import type { FastifyInstance, FastifyRequest } from 'fastify'
import { registrationOf } from './app-state.ts'
import type { AuditRecord } from './core/record.ts'
import { AuditUnavailable } from './errors.ts'
import { actorOf, pathDigestOf, subjectOf } from './facts.ts'
import { createRequestAudit } from './request-audit.ts'
import type { RequestAudit } from './request-audit.ts'
import type { VerifyReport } from './trail/verify.ts'

/** The decorator `app.audit`: the trail of the scope. */
export interface Audit {
  /** The directory of the trail. */
  readonly directory: string
  /** Whether the trail takes records now. */
  readonly ready: boolean
  /** Waits until everything that was recorded so far is durable or counted as lost. */
  flush(): Promise<void>
  /** Verifies the trail as far as it is durable. */
  verify(): Promise<VerifyReport>
  /** Everything that was recorded of a request, in order. Reads the whole trail. */
  timeline(requestId: string): Promise<readonly AuditRecord[]>
  /** The pseudonym under which somebody's account is recorded as `subject`. */
  pseudonymOf(subject: string): string
  /** The pseudonym under which a principal is recorded as `actor.id`. */
  pseudonymOfPrincipal(principal: {
    readonly kind?: 'user' | 'service' | 'agent'
    readonly id: string
    readonly tenantId?: string | undefined
  }): string
  /** The digest with which a path is recorded that no route has, to find who asked for it. */
  digestOfPath(path: string): string
}

function auditOf(app: FastifyInstance): Audit {
  const registration = registrationOf(app)
  if (registration === undefined) throw new AuditUnavailable()
  const { trail } = registration
  return {
    directory: trail.directory,
    ready: trail.ready,
    flush: () => trail.flush(),
    verify: () => trail.verify(),
    timeline: (requestId) => trail.read(({ request }) => request?.id === requestId),
    pseudonymOf: (subject) => subjectOf(registration, subject),
    pseudonymOfPrincipal: ({ kind = 'user', id, tenantId }) =>
      actorOf(registration, { kind, id, tenantId })?.id ?? '',
    digestOfPath: (path) => pathDigestOf(registration, path),
  }
}

const audits = new WeakMap<FastifyRequest, RequestAudit>()

/** Adds `app.audit` and `request.audit` where they are not there yet. */
export function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('audit')) {
    app.decorate('audit', {
      getter(this: FastifyInstance): Audit {
        return auditOf(this)
      },
    })
  }
  if (!app.hasRequestDecorator('audit')) {
    app.decorateRequest('audit', {
      getter(this: FastifyRequest): RequestAudit {
        const known = audits.get(this) ?? createRequestAudit(this)
        audits.set(this, known)
        return known
      },
    })
  }
}
