import { canonicalAddress } from '../core/address.ts'
import { InvalidBlock } from '../core/failures.ts'
import type { PartitionKeys } from '../core/partition-key.ts'
import { isRootFieldName } from '../policies/selection.ts'

/** Somebody who is known, by `kind` and `id`; with a tenant, in that tenant alone. */
export interface BlockedPrincipal {
  readonly id: string
  /** Default: `user`. */
  readonly kind?: string | undefined
  readonly tenantId?: string | undefined
}

/** Whom or what a block holds off: exactly one member. */
export type BlockSubject =
  | { readonly principal: string | BlockedPrincipal }
  | { readonly tenant: string }
  /** An IP address; one of IPv6 stands for its whole subnet (`ipv6Subnet`). */
  | { readonly address: string }
  /** A root field, such as `Mutation.pay`, or a route, such as `POST /payments/:id` (`GET` holds off `HEAD` too). */
  | { readonly operation: string }

/** What is blocked. */
export type BlockKind = 'principal' | 'tenant' | 'address' | 'operation'

const KINDS: readonly BlockKind[] = ['principal', 'tenant', 'address', 'operation']
const LONGEST = 1024

/** Names of what is blocked, so that no store holds an identity. */
export interface BlockNames {
  principal(principal: BlockedPrincipal): string
  tenant(id: string): string
  /** `undefined` for what is no address. */
  address(address: string): string | undefined
  operation(name: string): string
}

export function blockNames(keys: PartitionKeys, ipv6Subnet: number): BlockNames {
  const name = (...parts: string[]): string => keys.keyOf(['block', ...parts])
  return {
    principal: ({ id, kind = 'user', tenantId }) =>
      tenantId === undefined ? name('principal', kind, id) : name('principal', kind, id, 'tenant', tenantId),
    tenant: (id) => name('tenant', id),
    address(address) {
      const canonical = canonicalAddress(address, { ipv6Subnet })
      return canonical === undefined ? undefined : name('address', canonical)
    },
    operation: (operation) => name('operation', operation),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST
}

/** A route as `METHOD /pattern`. */
export function isRouteName(operation: string): boolean {
  return /^[A-Z]{3,10} \/\S{0,500}$/.test(operation)
}

/**
 * The kind and name of a subject.
 *
 * @throws InvalidBlock for what is no subject; the message never repeats it
 */
export function nameSubject(
  names: BlockNames,
  subject: BlockSubject,
): { readonly kind: BlockKind; readonly name: string } {
  const given = subject as Readonly<Record<string, unknown>>
  const [kind, ...others] = KINDS.filter((one) => given?.[one] !== undefined)
  if (kind === undefined || others.length > 0 || Object.keys(given).length !== 1)
    throw new InvalidBlock(`exactly one of ${KINDS.join(', ')}`)
  const value = given[kind]
  if (kind === 'principal') {
    const principal = (typeof value === 'string' ? { id: value } : value) as BlockedPrincipal
    const { id, kind: of = 'user', tenantId } = principal ?? {}
    if (!isText(id) || !isText(of) || (tenantId !== undefined && !isText(tenantId)))
      throw new InvalidBlock('a principal: an id, or { id, kind, tenantId }')
    return { kind, name: names.principal({ id, kind: of, tenantId }) }
  }
  if (!isText(value)) throw new InvalidBlock(`text of 1 to ${LONGEST} characters as ${kind}`)
  if (kind === 'operation') {
    if (!isRootFieldName(value) && !isRouteName(value))
      throw new InvalidBlock("an operation such as 'Mutation.pay' or 'POST /payments/:id'")
    return { kind, name: names.operation(value) }
  }
  const name = kind === 'tenant' ? names.tenant(value) : names.address(value)
  if (name === undefined) throw new InvalidBlock('an IP address')
  return { kind, name }
}
