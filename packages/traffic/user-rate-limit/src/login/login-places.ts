import { definePolicy } from '../core/policy.ts'
import type { Policy } from '../core/policy.ts'
import { foldAccountName } from '../core/partition-key.ts'
import type { Limiter } from '../limiter.ts'
import { addressNamed } from '../policies/identity.ts'
import type { Identity } from '../policies/identity.ts'
import type { ResolvedLoginLimit, ResolvedLoginOptions } from './login-options.ts'

/** The limits of `guardLogin`, by what each counts by. */
export type LoginLane = 'pair' | 'account' | 'address' | 'device'

/** A limit of `guardLogin` as a policy: `login-pair`, `login-account` and so on. */
export function loginPolicy(
  lane: LoginLane,
  { quota, window }: ResolvedLoginLimit,
  { onStoreError }: ResolvedLoginOptions,
): Policy {
  return definePolicy({ name: `login-${lane}`, quota, window, onStoreError })
}

/** Whom a limit of `guardLogin` counts by, as its key has it. */
export function loginIdentity(lane: LoginLane, account: string, other: readonly string[] = []): string[] {
  return ['login', ...(lane === 'address' ? [] : [lane, account]), ...other]
}

/** A limit of `guardLogin`, and where it counts for somebody. */
export interface LoginPlace {
  readonly policy: Policy
  readonly parts: readonly ('account' | 'address')[]
  /** `undefined` where the identity does not tell what it counts by. */
  keyOf(identity: Identity): string | undefined
}

/** The limits of `guardLogin` that somebody has without being on a known device. */
export function loginPlaces(
  { keys, ipv6Subnet }: Pick<Limiter, 'keys' | 'ipv6Subnet'>,
  options: ResolvedLoginOptions,
): LoginPlace[] {
  const parts = { pair: ['account', 'address'], account: ['account'], address: ['address'] } as const
  return (['pair', 'account', 'address'] as const).flatMap((lane): LoginPlace[] => {
    const limit = options[lane]
    if (limit === false) return []
    return [
      {
        policy: loginPolicy(lane, limit, options),
        parts: parts[lane],
        keyOf(identity) {
          const account = identity.account === undefined ? undefined : foldAccountName(identity.account)
          const address = addressNamed(identity, ipv6Subnet)
          if (lane !== 'address' && account === undefined) return undefined
          if (lane !== 'account' && address === undefined) return undefined
          return keys.keyOf(loginIdentity(lane, account ?? '', lane === 'account' ? [] : address))
        },
      },
    ]
  })
}
