import { hash } from 'node:crypto'

/** A statement without its values. */
export interface StatementPrint {
  /** The statement with `?` for every literal, without comments; its first 1,024 characters. */
  readonly fingerprint: string
  /** Characters of the whole fingerprint. */
  readonly length: number
  /** SHA-256 of the whole fingerprint, in hex: what is not shown of it is vouched for. */
  readonly sha256: string
}

const LONGEST = 1024

// One token at a time, each alternative begins differently, and none can be read in two ways: linear.
const TOKEN =
  /--[^\n]*|\/\*|'|"(?:[^"]|"")*"|\$(?:[A-Za-z_]\w*)?\$|\$\d+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|\s+|[^]/g

function endOfComment(sql: string, from: number): number {
  let depth = 1
  for (let at = from; at < sql.length - 1; at++) {
    const two = sql.slice(at, at + 2)
    if (two !== '/*' && two !== '*/') continue
    depth += two === '/*' ? 1 : -1
    at += 1
    if (depth === 0) return at + 1
  }
  return sql.length
}

function endOfText(sql: string, from: number, escapes: boolean): number {
  for (let at = from; at < sql.length; at++) {
    if (escapes && sql[at] === '\\') at += 1
    else if (sql[at] === "'") {
      if (sql[at + 1] !== "'") return at + 1
      at += 1
    }
  }
  return sql.length
}

function endOfDollar(sql: string, from: number, tag: string): number {
  const end = sql.indexOf(tag, from)
  return end === -1 ? sql.length : end + tag.length
}

function normalise(sql: string): string {
  const tokens = new RegExp(TOKEN)
  const words: string[] = []
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const [word] = match
    const from = tokens.lastIndex
    if (word.startsWith('--') || /^\s/.test(word)) words.push(' ')
    else if (word === '/*') {
      tokens.lastIndex = endOfComment(sql, from)
      words.push(' ')
    } else if (word === "'") {
      tokens.lastIndex = endOfText(sql, from, words.at(-1)?.toLowerCase() === 'e')
      words.push('?')
    } else if (word.startsWith('$') && word.endsWith('$') && word.length > 1) {
      tokens.lastIndex = endOfDollar(sql, from, word)
      words.push('?')
    } else words.push(/^\d/.test(word) ? '?' : word)
  }
  return words.join('').replaceAll(/ +/g, ' ').trim()
}

/** The fingerprint of an SQL statement (PostgreSQL's lexical rules), in linear time. */
export function printOf(sql: string): StatementPrint {
  const whole = normalise(sql)
  return { fingerprint: whole.slice(0, LONGEST), length: whole.length, sha256: hash('sha256', whole, 'hex') }
}

/** A parameter as its kind and size, without its value. */
export function parameterKind(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return `text(${value.length})`
  if (ArrayBuffer.isView(value)) return `bytes(${value.byteLength})`
  if (Array.isArray(value)) return `array(${value.length})`
  return value instanceof Date ? 'timestamp' : typeof value
}
