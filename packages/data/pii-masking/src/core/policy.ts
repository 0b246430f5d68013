import { STRATEGIES, stricter } from '@portcullis/classification'
import type { Classified, Strategy } from '@portcullis/classification'

/** What becomes of values of one kind: the same for everybody, or by the reader's role; `'*'` is any known reader. */
export type Rule = Strategy | Readonly<Record<string, Strategy>>

/** Rules by info type (`US_SOCIAL_SECURITY_NUMBER`) or by coordinate (`User.ssn`), which wins. */
export type Policy = Readonly<Record<string, Rule>>

/** Who reads: their roles; `undefined` where nobody knows; `withheld` where it is known that they may not. */
export type Viewer = { readonly roles: readonly string[] } | 'withheld' | undefined

/** A strategy, and whether another reader would have got another one. */
export interface Verdict {
  readonly strategy: Strategy
  readonly byRole: boolean
}

function looser(a: Strategy, b: Strategy): Strategy {
  return STRATEGIES.indexOf(a) <= STRATEGIES.indexOf(b) ? a : b
}

/**
 * What a reader gets of a classified value. Of several roles the one that shows most counts. An unknown reader gets
 * the strictest of what the rule has for anybody; so does a known one whose roles it does not name, unless it has `'*'`. One
 * from whom it is withheld gets no less strict than `partial`, whatever everybody else gets.
 */
export function judge(
  policy: Policy,
  fallback: Strategy,
  { coordinate, infoType }: Classified,
  viewer: Viewer,
): Verdict {
  const rule = ownRule(policy, coordinate) ?? ownRule(policy, infoType) ?? fallback
  if (viewer === 'withheld') {
    const least = typeof rule === 'string' ? rule : Object.values(rule).reduce(stricter, fallback)
    return { strategy: stricter(least, 'partial'), byRole: true }
  }
  if (typeof rule === 'string') return { strategy: rule, byRole: false }
  const strictest = Object.values(rule).reduce(stricter, fallback)
  if (viewer === undefined) return { strategy: strictest, byRole: true }
  const granted = viewer.roles
    .filter((role) => role !== '*' && Object.hasOwn(rule, role))
    .map((role) => rule[role] ?? strictest)
  const [first, ...others] = granted
  const strategy = first === undefined ? (rule['*'] ?? strictest) : others.reduce(looser, first)
  return { strategy, byRole: true }
}

function ownRule(policy: Policy, key: string): Rule | undefined {
  return Object.hasOwn(policy, key) ? policy[key] : undefined
}
