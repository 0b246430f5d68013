import type { FastifyRequest } from 'fastify'
import { ADMIN_ALL, parsePermission } from './core/permission.ts'
import type { Needed } from './judgement.ts'
import { isFirst } from './registration.ts'
import type { Registration } from './registration.ts'

/** Publishes that `admin:all` alone allowed something: each use, once for a request and permission. */
export function tellAdmin(request: FastifyRequest, permission: string | undefined): void {
  if (permission === undefined || !isFirst(request, `admin ${permission}`)) return
  const action = `${ADMIN_ALL} for ${permission}`
  const event = {
    type: 'admin.action',
    severity: 'WARNING',
    outcome: 'allowed',
    details: { action },
  } as const
  void request.server.securityEvents.publish(event, request)
}

/** Whether what is read under a requirement is personal. */
export function isPersonal({ options }: Registration, { personal, permission }: Needed): boolean {
  if (personal !== undefined || permission === undefined) return personal === true
  return options.personalData.includes(parsePermission(permission)?.resource ?? '')
}

/**
 * Publishes that somebody may read what is personal, once for a request and resource.
 *
 * @param field the coordinate of a GraphQL field; without it, the resource of the permission or the route
 */
export function tellAccess(request: FastifyRequest, { permission }: Needed, field?: string): void {
  const named = permission === undefined ? undefined : parsePermission(permission)?.resource
  const resource = field ?? named ?? request.routeOptions.url ?? 'unknown'
  if (!isFirst(request, `accessed ${resource}`)) return
  const details = { resource, permission }
  const event = { type: 'data.accessed', severity: 'INFO', outcome: 'allowed', details } as const
  void request.server.securityEvents.publish(event, request)
}
