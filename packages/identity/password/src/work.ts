import { channel } from 'node:diagnostics_channel'

/** The channel of `node:diagnostics_channel` on which each piece of hashing is told before it begins. */
export const PASSWORD_WORK_CHANNEL = 'portcullis.password-work'

/**
 * What is about to be worked out: never for whom, nor how it ends. It is the same for an account that is not there as for one
 * whose hash has the parameters of today.
 */
export type PasswordWork =
  | {
      readonly operation: 'hash' | 'verify'
      readonly algorithm: 'argon2id' | 'argon2i'
      /** KiB. */
      readonly memory: number
      readonly passes: number
      readonly parallelism: number
      /** Bytes of salt and of hash. */
      readonly salt: number
      readonly output: number
      readonly peppered: boolean
    }
  | { readonly operation: 'verify'; readonly algorithm: 'bcrypt'; readonly rounds: number }

const work = channel(PASSWORD_WORK_CHANNEL)

/** Tells what is about to be worked out. */
export function tellWork(what: PasswordWork): void {
  if (work.hasSubscribers) work.publish(what)
}
