import type { Policy } from './policy.ts'
import type { Limit } from './verdict.ts'

/**
 * Value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): a list of strings with `q` units per `w`
 * seconds, and the unit `qu` where the policy names one. A window below a second is sent as one second.
 */
export function rateLimitPolicyField(policies: readonly Policy[]): string {
  const [first] = policies
  if (first === undefined) return ''
  const last = fields.get(first)
  if (last?.policies.length === policies.length && policies.every((one, at) => one === last.policies[at]))
    return last.field
  const field = policies.map((policy) => partsOf(policy).whole).join(', ')
  fields.set(first, { policies, field })
  return field
}

/** The last field that began with a policy: those of a route come together again and again. */
const fields = new WeakMap<Policy, { readonly policies: readonly Policy[]; readonly field: string }>()

/** What the fields say of a policy, which is the same for every request. */
interface PolicyParts {
  /** Its member of `RateLimit-Policy`. */
  readonly whole: string
  readonly name: string
}

const known = new WeakMap<Policy, PolicyParts>()

function partsOf(policy: Policy): PolicyParts {
  let parts = known.get(policy)
  if (parts === undefined) {
    const qu = policy.unit === undefined ? '' : `;qu=${quoted(policy.unit)}`
    const name = quoted(policy.name)
    parts = { name, whole: `${name};q=${policy.quota};w=${seconds(policy.window)}${qu}` }
    known.set(policy, parts)
  }
  return parts
}

/**
 * Value of `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): a list of strings with `r` units left and `t` seconds
 * until quota is back: for a violated policy until the same call fits, otherwise until the whole quota is free. On a
 * refusal only violated policies carry `t`, so that `Retry-After` is never earlier than any of them, as the draft asks.
 * Policies that were not enforced, because their store is away and they are `open`, are left out.
 */
export function rateLimitField(limits: readonly Limit[]): string {
  const refused = limits.some((limit) => limit.violated)
  let field = ''
  for (const limit of limits) {
    if (limit.degraded === 'open') continue
    const wait = limit.violated ? limit.retryAfterMs : refused ? null : limit.resetMs
    const t = wait === null ? '' : `;t=${seconds(wait)}`
    field += `${field === '' ? '' : ', '}${partsOf(limit.policy).name};r=${limit.remaining}${t}`
  }
  return field
}

/**
 * The fields that clients knew before the draft, of one policy: a violated one, else that with the least left.
 * `X-RateLimit-Limit` and `X-RateLimit-Remaining` in units, `X-RateLimit-Reset` in seconds from now.
 */
export function legacyFields(limits: readonly Limit[]): Record<string, string> {
  const [scarcest] = limits
    .filter((limit) => limit.degraded !== 'open')
    .toSorted((a, b) => Number(b.violated) - Number(a.violated) || a.remaining - b.remaining)
  if (scarcest === undefined) return {}
  const { quota, remaining, violated, retryAfterMs, resetMs } = scarcest
  const reset = violated && retryAfterMs !== null ? retryAfterMs : resetMs
  return {
    'x-ratelimit-limit': String(quota),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(seconds(reset)),
  }
}

/**
 * Value of `Retry-After` in seconds (RFC 9110, section 10.2.3): the longest wait of all violated policies, rounded up,
 * at least 1. `undefined` when nothing is violated, or when waiting can't help because the cost is above a capacity.
 */
export function retryAfterSeconds(limits: readonly Limit[]): number | undefined {
  let longest = 0
  for (const { violated, retryAfterMs } of limits) {
    if (!violated) continue
    if (retryAfterMs === null) return undefined
    longest = Math.max(longest, retryAfterMs, 1)
  }
  return longest === 0 ? undefined : seconds(longest)
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000)
}

/** A String of RFC 9651, section 3.3.3; policies hold printable ASCII only. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
