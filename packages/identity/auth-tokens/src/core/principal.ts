import type { IdentifiedAs } from '@portcullis/kernel'
import type { AccessClaims } from './claims.ts'

/** Who an access token speaks for, as all gates know it. */
export function principalOf(claims: AccessClaims): IdentifiedAs {
  const {
    sub,
    sub_kind: kind,
    tenant_id: tenantId,
    roles,
    scope,
    sid,
    acting_for: actingFor,
    auth_time: time,
    acr,
  } = claims
  return {
    id: sub,
    kind,
    tenantId,
    roles: roles ?? [],
    permissions: scope === undefined ? [] : scope.split(' ').filter((word) => word !== ''),
    sessionId: sid,
    actingFor,
    authTime: time === undefined ? undefined : time * 1000,
    acr,
  }
}
