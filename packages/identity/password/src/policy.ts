import type { FastifyBaseLogger } from 'fastify'
import { commonPasswords } from './blocklist.ts'
import { contextWords } from './core/context.ts'
import { judge, reason } from './core/judge.ts'
import type { Reason } from './core/judge.ts'
import { countInRange, rangeOf } from './core/range.ts'
import { readText } from './core/text.ts'
import { PasswordBreachCheckUnavailableError } from './errors.ts'
import type { BreachedOptions, ResolvedPolicy } from './options.ts'

/** What a policy is told of the person who chooses. */
export interface CheckContext {
  /** Words that the password may not live on: names, addresses. At most 32; what is empty or missing is left out. */
  readonly context?: readonly (string | null | undefined)[] | undefined
  /** A second factor is asked for at each login, so that a shorter password will do. Default: false. */
  readonly secondFactor?: boolean | undefined
}

/** Whether a password may be chosen, and what speaks against it. */
export interface Verdict {
  readonly ok: boolean
  readonly reasons: readonly Reason[]
}

/** Judges a password that somebody chooses. */
export type Policy = (password: string, about: CheckContext) => Promise<Verdict>

function verdict(reasons: readonly Reason[]): Verdict {
  return { ok: reasons.length === 0, reasons }
}

async function isBreached(
  text: string,
  { source, onError }: BreachedOptions,
  log: FastifyBaseLogger,
): Promise<boolean> {
  const { prefix, suffix } = rangeOf(text)
  try {
    const count = countInRange(await source(prefix), suffix)
    if (count === undefined) throw new Error('the source answered something that is no range')
    return count > 0
  } catch (error) {
    log.warn({ err: error, code: 'PASSWORD_BREACH_CHECK_UNAVAILABLE' }, 'breached passwords: no answer')
    if (onError === 'closed') throw new PasswordBreachCheckUnavailableError()
    return false
  }
}

/** Creates the policy of a registration. */
export function createPolicy(options: ResolvedPolicy, log: FastifyBaseLogger): Policy {
  const common = options.blocklist ? commonPasswords() : undefined
  return async (password, { context = [], secondFactor = false }) => {
    const read = readText(password, options.maxBytes)
    if (typeof read === 'string') return verdict([reason(read, options.maxBytes)])
    const words = context.filter((word): word is string => typeof word === 'string')
    const reasons = judge(read.text, {
      minLength: secondFactor ? options.minLengthWithSecondFactor : options.minLength,
      composition: options.composition,
      common,
      words: contextWords([...options.contextWords, ...words]),
    })
    // Nobody has to be asked about a password that is refused anyway.
    if (reasons.length > 0 || options.breached === undefined) return verdict(reasons)
    return verdict((await isBreached(read.text, options.breached, log)) ? [reason('BREACHED')] : [])
  }
}
