import type { BlockedPrincipal } from '../blocks/subject.ts'
import { canonicalAddress } from '../core/address.ts'
import { InvalidIdentity } from '../core/failures.ts'
import { foldAccountName } from '../core/partition-key.ts'
import type { CompiledPolicy } from './compile-policies.ts'
import { addressParts, ownIdentity, principalParts, tenantParts } from './partition.ts'
import type { PartitionPart } from './policy-options.ts'

/** Somebody as the policies of an app count them. A policy takes the members that its `partitionKey` has. */
export interface Identity {
  /** A principal's id (of kind `user`), or more of it. One that has a tenant is told with it. */
  readonly principal?: string | BlockedPrincipal | undefined
  readonly tenant?: string | undefined
  /** An IP address; alone, also whom nobody knows at that address. */
  readonly address?: string | undefined
  /** The name of an account; it is folded. */
  readonly account?: string | undefined
  /** What the policy's function answers for them; several, in the order of its `partitionKey`. */
  readonly own?: string | readonly string[] | undefined
}

const MEMBERS: readonly string[] = [
  'principal',
  'tenant',
  'address',
  'account',
  'own',
] satisfies (keyof Identity)[]

/** Refuses what is no identity. @throws InvalidIdentity */
export function checkIdentity(identity: Identity): void {
  const names = Object.keys(identity ?? {})
  const strange = names.some((name) => !MEMBERS.includes(name))
  if (strange || !names.some((name) => identity[name as keyof Identity] !== undefined))
    throw new InvalidIdentity('missing', ` Give { ${MEMBERS.join(', ')} }, those that the policy counts by.`)
}

function principalOf({ principal }: Identity): BlockedPrincipal | undefined {
  return typeof principal === 'string' ? { id: principal } : principal
}

/** The address that an identity has. @throws InvalidIdentity for what is no address */
export function addressNamed({ address }: Identity, ipv6Subnet: number): string[] | undefined {
  if (address === undefined) return undefined
  if (canonicalAddress(address, { ipv6Subnet }) === undefined) throw new InvalidIdentity('no-address')
  return addressParts(address, ipv6Subnet)
}

function partNamed(
  part: PartitionPart,
  identity: Identity,
  owns: string[],
  ipv6Subnet: number,
): string[] | undefined {
  if (part === 'address') return addressNamed(identity, ipv6Subnet)
  if (typeof part === 'function') return ownIdentity(owns.shift())
  if (part === 'account')
    return identity.account === undefined ? undefined : ['account', foldAccountName(identity.account)]
  const { id, kind = 'user', tenantId } = principalOf(identity) ?? {}
  const tenant = identity.tenant ?? tenantId
  if (part === 'tenant' && tenant !== undefined) return tenantParts(tenant)
  return id === undefined ? undefined : principalParts(kind, id, tenantId)
}

/**
 * Whose quota an identity is under a policy, as requests are counted; `undefined` where a part is missing.
 *
 * @throws InvalidIdentity for a part that is empty, too long or no address
 */
export function partitionNamed(
  { parts, anonymous }: Pick<CompiledPolicy, 'parts' | 'anonymous'>,
  identity: Identity,
  ipv6Subnet: number,
): string[] | undefined {
  const owns = identity.own === undefined ? [] : [identity.own].flat()
  const named: string[] = []
  for (const part of parts) {
    const found = partNamed(part, identity, owns, ipv6Subnet)
    if (found !== undefined) named.push(...found)
    else {
      const address = anonymous === 'address' ? addressNamed(identity, ipv6Subnet) : undefined
      if (address === undefined) return undefined
      named.push('anonymous', ...address)
    }
  }
  return named
}
