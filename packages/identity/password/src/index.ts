export { MOST_WORKERS } from './workers.ts'
export type { Cost } from './core/cost.ts'
export type { Reason, ReasonCode } from './core/judge.ts'
export * from './errors.ts'
export { passwordOptions as options } from './options.ts'
export type { BreachedOptions, PasswordOptions, PolicyOptions, RangeSource } from './options.ts'
export type {
  Passwords,
  PasswordsStatus,
  SaveHash,
  StoredProblem,
  Verification,
} from './passwords.ts'
export { password, password as default } from './plugin.ts'
export type { CheckContext, Verdict } from './policy.ts'
export { hibpRange } from './sources/hibp-range.ts'
export type { HibpRangeOptions } from './sources/hibp-range.ts'
export { offlineRange } from './sources/offline-range.ts'
export type { OfflineRangeOptions } from './sources/offline-range.ts'
export type { Principal } from './types.ts'
export { PASSWORD_WORK_CHANNEL } from './work.ts'
export type { PasswordWork } from './work.ts'
