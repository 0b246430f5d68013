import type { Principal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Registration } from './app-state.ts'
import type { Actor, RecordInput, Target } from './core/record.ts'
import { maskText } from './core/mask-text.ts'
import { recordableText } from './core/recordable.ts'
import type { Recordable } from './core/recordable.ts'
import { recordedPath } from './core/recorded-path.ts'

type Named = Pick<Principal, 'kind' | 'id' | 'tenantId'> & { readonly actingFor?: string | undefined }

/** Who acted, as it is recorded: ids as pseudonyms. */
export function actorOf({ pseudonym }: Registration, principal: Named | undefined): Actor | undefined {
  if (principal === undefined) return undefined
  const { kind, id, tenantId, actingFor } = principal
  return {
    kind,
    id: id === null ? null : pseudonym(kind, tenantId, id),
    tenantId,
    actingFor: actingFor === undefined ? undefined : pseudonym('user', tenantId, actingFor),
  }
}

/** Where a request comes from, as it is recorded: the address as a pseudonym. */
export function sourceOf(
  { pseudonym }: Registration,
  address: string | undefined,
  userAgent: string | undefined,
): RecordInput['source'] {
  return {
    address: pseudonym('address', address),
    userAgent: userAgent === undefined ? undefined : recordableText(userAgent, 256),
  }
}

/** The digest of a path that no route has. The query is no part of it. */
export function pathDigestOf({ pseudonym }: Registration, path: string): string {
  return pseudonym('path', path.split('?')[0])
}

/** A URL that no route has, as it is recorded: its path, without its query. */
export function pathOf(registration: Registration, url: string | undefined): Recordable {
  return recordedPath(url?.split('?')[0] ?? '', (path) => pathDigestOf(registration, path))
}

/** The principal as far as it is known by now. */
export function knownPrincipal(request: FastifyRequest): Principal | undefined {
  try {
    return request.principal
  } catch {
    // Nobody has asked yet who it is.
    return undefined
  }
}

/** Somebody's account as it was typed or stored, as it is recorded: spelling in capitals or with blanks is no other one. */
export function subjectOf({ pseudonym }: Registration, subject: string): string {
  return pseudonym('subject', subject.slice(0, 1024).normalize('NFKC').trim().toLowerCase())
}

/** What was acted on, as it is recorded. */
export function targetOf({ pseudonym }: Registration, { type, id }: Target): Target {
  return { type: maskText(type.slice(0, 128)), id: pseudonym('target', type, id) }
}
