import { applyStrategy, maskUnknown, REMOVED } from '@portcullis/classification'
import type { Classification, Classified, InfoType, KeyedHash } from '@portcullis/classification'
import { judge } from './policy.ts'
import type { Policy, Viewer } from './policy.ts'
import type { Strategy } from '@portcullis/classification'

/** Largest answer that is looked at value by value; what is beyond it is not sent. */
const AS_JSON = { json: true, maxNodes: 1_000_000, maxDepth: 64 } as const

/** What decides over values. */
export interface DisclosureRules {
  readonly classification: Classification
  readonly policy: Policy
  readonly fallback: Strategy
  readonly hash: KeyedHash | undefined
}

/** What one reader is shown in one answer, and what came up while it was decided. */
export class Disclosure {
  /** Coordinates that were shown raw because of a role, by info type. */
  readonly revealed = new Map<InfoType, Set<string>>()
  /** Coordinates that the reader's policy rejects. */
  readonly rejected = new Set<string>()
  /** Whether another reader could have got another answer. */
  byRole = false
  readonly #rules: DisclosureRules
  readonly #viewer: Viewer

  constructor(rules: DisclosureRules, viewer: Viewer) {
    this.#rules = rules
    this.#viewer = viewer
  }

  /** What of a classified value without parts is shown, or {@link REMOVED}. */
  readonly disclose = (classified: Classified, value: unknown): unknown => {
    const { policy, fallback, hash } = this.#rules
    const { strategy, byRole } = judge(policy, fallback, classified, this.#viewer)
    if (byRole) this.byRole = true
    if (value === null || value === undefined) return strategy === 'remove' ? REMOVED : value
    if (strategy === 'reject') this.rejected.add(classified.coordinate)
    if (strategy === 'raw' && byRole) {
      const coordinates = this.revealed.get(classified.infoType) ?? new Set()
      this.revealed.set(classified.infoType, coordinates.add(classified.coordinate))
    }
    return applyStrategy(strategy, classified.infoType, value, hash)
  }

  /** A masked copy of a value of which nothing is known but the names of its keys. */
  unknown(value: unknown): unknown {
    const name = (key: string): Classified | undefined => this.#rules.classification.name(key)
    return maskUnknown(value, { name, disclose: this.disclose, ...AS_JSON })
  }

  /** A masked copy of a classified value that may have parts. */
  classified(classified: Classified, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return this.disclose(classified, value)
    const name = (): Classified => classified
    const rules = { name, disclose: this.disclose, ...AS_JSON }
    const copy = maskUnknown({ value }, rules) as { value?: unknown }
    return 'value' in copy ? copy.value : REMOVED
  }
}
