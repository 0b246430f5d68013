import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { AccountReading } from '../core/account.ts'
import { canonicalAddress } from '../core/address.ts'
import { InvalidIdentity } from '../core/failures.ts'
import type { PartitionKeys } from '../core/partition-key.ts'
import type { CompiledPolicy } from './compile-policies.ts'
import type { PartitionPart } from './policy-options.ts'

/** Whose quota a request uses: a key, what the policy says of requests that nobody knows, or no account's. */
export type Partition = { readonly key: string } | 'deny' | 'skip' | 'invalid'

const LONGEST_IDENTITY = 1024

/** An address as one client has it; all that is no address shares one. */
export function addressParts(value: string, ipv6Subnet: number): string[] {
  const address = canonicalAddress(value, { ipv6Subnet })
  return address === undefined ? ['no-address', 'unknown'] : ['address', address]
}

/** The client's address, by Fastify's `trustProxy` alone. */
export function addressOf(request: FastifyRequest, ipv6Subnet: number): string[] {
  return addressParts(request.ip ?? '', ipv6Subnet)
}

/** An identity of the app's own making. One that is too long to be stored is known by its digest. */
export function ownIdentity(answer: unknown): string[] | undefined {
  if (answer === null || answer === undefined || answer === '') return undefined
  if (typeof answer !== 'string') throw new InvalidIdentity('missing')
  if (answer.length <= LONGEST_IDENTITY) return ['own', answer]
  return ['own-digest', createHash('sha256').update(answer).digest('base64url')]
}

/** A tenant, or who has none, as policies by tenant count them. */
export function tenantParts(tenantId: string | undefined): string[] {
  return tenantId === undefined ? ['no-tenant'] : ['tenant', tenantId]
}

/** Somebody who is known. An id is unique within its kind and tenant only. */
export function principalParts(kind: string, id: string, tenantId: string | undefined): string[] {
  return ['principal', kind, ...tenantParts(tenantId), id]
}

function accountOf(account: AccountReading): string[] | undefined {
  return typeof account === 'string' ? undefined : ['account', account.name]
}

/** One part of a partition, with its kind before it; `undefined` where nobody is known. */
async function partOf(
  part: Exclude<PartitionPart, 'account'>,
  request: FastifyRequest,
  ipv6Subnet: number,
): Promise<string[] | undefined> {
  if (part === 'address') return addressOf(request, ipv6Subnet)
  if (typeof part === 'function') return ownIdentity(await part(request))
  const { kind, id, tenantId } = await request.resolvePrincipal()
  if (part === 'tenant' && tenantId !== undefined) return tenantParts(tenantId)
  return id === null ? undefined : principalParts(kind, id, tenantId)
}

/**
 * Finds whose quota a request uses under a policy.
 *
 * @param account what the request says its account is, for policies that count by it
 */
export async function partitionOf(
  { parts, anonymous }: Pick<CompiledPolicy, 'parts' | 'anonymous'>,
  request: FastifyRequest,
  keys: PartitionKeys,
  ipv6Subnet: number,
  account: AccountReading = 'absent',
): Promise<Partition> {
  const identity: string[] = []
  for (const part of parts) {
    const isAccount = part === 'account'
    if (isAccount && account === 'invalid') return 'invalid'
    if (isAccount && account === 'absent' && anonymous === 'deny') return 'invalid'
    const found = isAccount ? accountOf(account) : await partOf(part, request, ipv6Subnet)
    if (found !== undefined) identity.push(...found)
    else if (anonymous !== 'address') return anonymous
    else identity.push('anonymous', ...addressOf(request, ipv6Subnet))
  }
  return { key: keys.keyOf(identity) }
}
