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

/** What came up while it was decided what a reader is shown. Holds coordinates, never values. */
export class Findings {
  /** Values that were masked or left out. */
  masked = 0
  /** Values that were shown raw because of a role. */
  revealed = 0
  /** The kinds of what was masked or revealed. */
  readonly infoTypes = new Set<InfoType>()
  /** Coordinates that were shown raw because of a role, with their kinds. */
  readonly shown = new Map<string, InfoType>()
  /** Coordinates that the reader's policy rejects. */
  readonly rejected = new Set<string>()
  /** Whether another reader could have got another answer. */
  byRole = false

  note({ infoType, coordinate }: Classified, strategy: Strategy, byRole: boolean): void {
    if (strategy === 'raw' && !byRole) return
    this.infoTypes.add(infoType)
    if (strategy === 'raw') {
      this.revealed += 1
      this.shown.set(coordinate, infoType)
    } else this.masked += 1
    if (strategy === 'reject') this.rejected.add(coordinate)
  }
}

/** What one reader is shown. */
export class Disclosure {
  readonly findings: Findings
  readonly #rules: DisclosureRules
  readonly #viewer: Viewer

  constructor(rules: DisclosureRules, viewer: Viewer, findings = new Findings()) {
    this.findings = findings
    this.#rules = rules
    this.#viewer = viewer
  }

  /** What of a classified value without parts is shown, or {@link REMOVED}. */
  readonly disclose = (classified: Classified, value: unknown): unknown => {
    const { policy, fallback, hash } = this.#rules
    const { strategy, byRole } = judge(policy, fallback, classified, this.#viewer)
    if (byRole) this.findings.byRole = true
    if (value === null || value === undefined) return strategy === 'remove' ? REMOVED : value
    this.findings.note(classified, strategy, byRole)
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
