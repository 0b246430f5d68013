import {
  applyStrategy,
  broaderInfoType,
  HIDDEN,
  maskUnknown,
  REMOVED,
  stricter,
} from '@portcullis/classification'
import type { Classification, Classified, InfoType, KeyedHash, Place } from '@portcullis/classification'
import { judge } from './policy.ts'
import type { Policy, Verdict, Viewer } from './policy.ts'
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
  /** Decisions not to show a value raw, also where there was none. */
  kept = 0
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

  /** What was decided is not sent, because an error is sent in its place. */
  discard(): void {
    this.revealed = 0
    this.shown.clear()
    this.rejected.clear()
  }
}

/** What one reader is shown. */
export class Disclosure {
  readonly findings: Findings
  readonly #rules: DisclosureRules
  readonly #viewer: Viewer
  #kinds: ReadonlySet<InfoType> | undefined
  #ofFields: WeakMap<Classified, Verdict> | undefined

  constructor(rules: DisclosureRules, viewer: Viewer, findings = new Findings()) {
    this.findings = findings
    this.#rules = rules
    this.#viewer = viewer
  }

  /** What of a classified value without parts is shown, or {@link REMOVED}. */
  readonly disclose = (classified: Classified, value: unknown): unknown =>
    this.#show(this.#judge(classified), classified, value)

  /** The same for a field that may be asked for thousands of times: what the policy has for it is looked up once. */
  discloseField(classified: Classified, value: unknown): unknown {
    const known = this.#ofFields?.get(classified)
    if (known !== undefined) return this.#show(known, classified, value)
    const verdict = this.#judge(classified)
    this.#ofFields ??= new WeakMap()
    this.#ofFields.set(classified, verdict)
    return this.#show(verdict, classified, value)
  }

  /** Whether a value that is classified so came up and the policy refuses it. */
  rejects({ coordinate }: Classified): boolean {
    const { rejected } = this.findings
    return rejected.size > 0 && rejected.has(coordinate)
  }

  #judge(classified: Classified): Verdict {
    const { policy, fallback } = this.#rules
    return judge(policy, fallback, classified, this.#viewer)
  }

  #show({ strategy, byRole }: Verdict, classified: Classified, value: unknown): unknown {
    if (byRole) this.findings.byRole = true
    if (strategy !== 'raw') this.findings.kept += 1
    if (value === null || value === undefined) return strategy === 'remove' ? REMOVED : value
    this.findings.note(classified, strategy, byRole)
    return applyStrategy(strategy, classified.infoType, value, this.#rules.hash)
  }

  /** The one of several things that a value may be of which this reader is shown least. */
  strictest(candidates: readonly Classified[]): Classified | undefined {
    if (candidates.length < 2) return candidates[0]
    const judged = candidates.map((one) => ({ one, ...this.#judge(one) }))
    if (judged.some(({ byRole }) => byRole)) this.findings.byRole = true
    return judged.reduce((a, b) => (stricter(a.strategy, b.strategy) === a.strategy ? a : b)).one
  }

  /** A masked copy of a value of which nothing is known but the names of its keys, and where it stands. */
  unknown(value: unknown, place?: Place): unknown {
    const name = (key: string, above?: Place): Classified | undefined => this.named(key, above)
    return maskUnknown(value, { name, disclose: this.disclose, place, ...AS_JSON })
  }

  /** A masked copy of a classified value that may have parts; of several classifications the strictest holds. */
  classified(candidates: readonly Classified[], value: unknown): unknown {
    const classified = this.strictest(candidates)
    if (classified === undefined) return value
    if (typeof value !== 'object' || value === null) return this.disclose(classified, value)
    const name = (): Classified => classified
    const rules = { name, disclose: this.disclose, ...AS_JSON }
    const copy = maskUnknown({ value }, rules) as { value?: unknown }
    return 'value' in copy ? copy.value : REMOVED
  }

  /** What stands for a personal value inside a text. Never refuses: the text says something else besides. */
  inText(classified: Classified, found: string): string {
    const { strategy, byRole } = this.#judge(classified)
    if (byRole) this.findings.byRole = true
    this.findings.note(classified, strategy === 'reject' ? 'remove' : strategy, byRole)
    const shown = applyStrategy(strategy, classified.infoType, found, this.#rules.hash)
    return typeof shown === 'string' ? shown : HIDDEN
  }

  /** What a value of a kind in a text counts as; `undefined` where nothing of that kind is classified anywhere. */
  kind(infoType: InfoType): Classified | undefined {
    this.#kinds ??= new Set(this.#rules.classification.all().map((one) => one.infoType))
    const known = this.#kinds.has(infoType) ? infoType : broaderInfoType(infoType)
    return this.#kinds.has(known) ? { infoType: known, coordinate: 'text' } : undefined
  }

  /** What a key may stand for. */
  named(key: string, above?: Place): Classified | undefined {
    return this.strictest(this.#rules.classification.named(key, above))
  }

  /** What paths say of a key, whatever is known of the type of what has it. */
  at(key: string, above?: Place): readonly Classified[] {
    return this.#rules.classification.at(key, above)
  }
}
