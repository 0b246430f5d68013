import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { UnsafeSqlError } from '../errors.ts'
import { CommandFinder } from './commands.ts'
import type { Command } from './commands.ts'
import { tokenize } from './tokens.ts'

/** The kinds of statement that are run. All others (`set`, `commit`, `copy`, `do`, …) could leave the transaction. */
const STATEMENT_KINDS = ['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table'] as const

/** The first word of a statement. */
export type StatementKind = (typeof STATEMENT_KINDS)[number]

/** What is known of a statement from its text. */
export interface StatementFacts {
  readonly kind: StatementKind
  /**
   * What it does, wherever in it: the deletion in `with gone as (delete …) select …` too. A word that could be a command
   * counts as one, so that a column which is named `update` and not quoted is taken for more than it is, and nothing for
   * less.
   */
  readonly commands: readonly Command[]
  /** 16 hexadecimal digits: SHA-256 of the text without comments, spacing, literals and the lengths of lists. */
  readonly fingerprint: string
  /** SHA-256 of the whole text, placeholders in the place of values; in hex. */
  readonly sha256: string
  /** Whether it names something that outlives its transaction. A function of the database may still do it unseen. */
  readonly touchesSession: boolean
}

/** Settings, locks and tables of a session. A setting may be local to the transaction; its name alone does not tell. */
const OF_SESSIONS: ReadonlySet<string> = new Set([
  'set_config',
  'pg_settings',
  'pg_temp',
  'into temp',
  'into temporary',
  'local temp',
  'local temporary',
  'global temp',
  'global temporary',
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_try_advisory_lock',
  'pg_try_advisory_lock_shared',
])

/** What a string may have a function run, such as `query_to_xml`. */
const FROM_STRINGS = /set_config|pg_settings|advisory_lock/

const KINDS: ReadonlySet<string> = new Set(STATEMENT_KINDS)
const CACHED_TEXT = 8_192
const cache = new LRUCache<string, StatementFacts & { readonly parameters: number }>({ max: 1_000 })

/** The text without what differs from one call to the next. */
function normalize(text: string): string {
  const parts = tokenize(text).map(({ type, start, end }) => {
    if (type === 'space') return ' '
    if (type === 'string' || type === 'number' || type === 'placeholder' || type === 'unterminated')
      return '?'
    const piece = text.slice(start, end)
    return type === 'word' ? piece.toLowerCase() : piece
  })
  return parts
    .join('')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ ?([(),]) ?/g, '$1')
    .replaceAll(/\?(?:,\?)+/g, '?')
    .replaceAll(/\(\?\)(?:,\(\?\))+/g, '(?)')
    .trim()
}

/** The fingerprint of any SQL text; see {@link StatementFacts.fingerprint}. It holds no value of the text. */
export function fingerprintOf(text: string): string {
  return createHash('sha256').update(normalize(text)).digest('hex').slice(0, 16)
}

function examine(text: string, parameters: number): StatementFacts & { readonly parameters: number } {
  let kind: string | undefined
  let ended = false
  let expected = 1
  let touchesSession = false
  let before = ''
  const commands = new CommandFinder()
  for (const { type, start, end } of tokenize(text)) {
    if (type === 'space') continue
    if (type === 'unterminated') throw new UnsafeSqlError('a quote or comment in the statement has no end')
    const piece = text.slice(start, end)
    commands.see(type, piece.toLowerCase())
    const name = piece.replaceAll('"', '').toLowerCase()
    if (OF_SESSIONS.has(name) || OF_SESSIONS.has(`${before} ${name}`)) touchesSession = true
    // A name in escapes (`U&"…"`) may be any of them, and a string what a function runs.
    if (type === 'identifier' && before === '&') touchesSession = true
    if (type === 'string' && FROM_STRINGS.test(name)) touchesSession = true
    before = name
    if (piece === ';') {
      ended = true
      continue
    }
    if (ended) throw new UnsafeSqlError('got more than one statement, takes one')
    if (type === 'placeholder' && piece !== `$${expected++}`) {
      throw new UnsafeSqlError('placeholders such as $1 are written by the sql tag alone')
    }
    if (kind === undefined && piece !== '(') kind = type === 'word' ? piece.toLowerCase() : ''
  }
  if (expected !== parameters + 1) {
    throw new UnsafeSqlError('a value stands inside quotes or a comment, where it would be no parameter')
  }
  if (kind === undefined) throw new UnsafeSqlError('got an empty statement')
  if (!KINDS.has(kind)) {
    throw new UnsafeSqlError(`a statement begins with one of ${STATEMENT_KINDS.join(', ')}`)
  }
  const sha256 = createHash('sha256').update(text).digest('hex')
  return Object.freeze({
    kind: kind as StatementKind,
    commands: commands.in(kind),
    fingerprint: fingerprintOf(text),
    sha256,
    touchesSession,
    parameters,
  })
}

/**
 * Checks a statement's text: one statement of a kind that is run, every parameter where PostgreSQL sees one.
 *
 * @throws UNSAFE_SQL
 */
export function factsOf(text: string, parameters: number): StatementFacts {
  const known = cache.get(text)
  // The same text with another number of values: a placeholder of its author's, or a value inside quotes.
  if (known?.parameters === parameters) return known
  const facts = examine(text, parameters)
  if (text.length <= CACHED_TEXT) cache.set(text, facts)
  return facts
}
