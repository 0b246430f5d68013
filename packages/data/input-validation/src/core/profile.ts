import type { Bounds } from './inspect.ts'

/** What the profile refuses and a route may take all the same. */
export const ALLOWANCES = ['unknownKeys', 'duplicateKeys', 'unsafeIntegers', 'nul', 'loneSurrogates'] as const

/** One of {@link ALLOWANCES}. */
export type Allowance = (typeof ALLOWANCES)[number]

/** What a value may be, whatever its schema says. */
export interface Profile {
  readonly maxDepth: number
  readonly maxArrayLength: number
  /** Most issues that are told. */
  readonly maxIssues: number
  readonly allow: readonly Allowance[]
}

/** The profile where nothing else is said. */
export const DEFAULT_PROFILE: Profile = { maxDepth: 32, maxArrayLength: 10_000, maxIssues: 100, allow: [] }

/** The bounds of a profile. */
export function boundsOf({ maxDepth, maxArrayLength, allow }: Profile): Bounds {
  return {
    maxDepth,
    maxArrayLength,
    unsafeIntegers: allow.includes('unsafeIntegers'),
    nul: allow.includes('nul'),
    loneSurrogates: allow.includes('loneSurrogates'),
  }
}
