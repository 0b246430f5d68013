/** A piece of SQL text. `space` is white space and comments. */
export interface Token {
  readonly type:
    | 'space'
    | 'word'
    | 'number'
    | 'string'
    | 'identifier'
    | 'placeholder'
    | 'other'
    | 'unterminated'
  readonly start: number
  readonly end: number
}

/** PostgreSQL knows no other white space; a Unicode space is a letter to it. */
const SPACE = /[ \t\n\r\f\v]/
const WORD_START = /[A-Za-z_\u0080-\uffff]/
const WORD = /[\w$\u0080-\uffff]/
const DIGIT = /\d/
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** The end of a run of characters that `member` describes. */
function runEnd(text: string, from: number, member: RegExp): number {
  let at = from
  while (at < text.length && member.test(text.charAt(at))) at++
  return at
}

/** The end of a quoted piece whose quote is doubled inside, and escaped by a backslash where `escapes`; -1 without one. */
function quoteEnd(text: string, start: number, escapes: boolean): number {
  const quote = text.charAt(start)
  for (let at = start + 1; at < text.length; at++) {
    if (escapes && text.charAt(at) === '\\') at++
    else if (text.charAt(at) === quote) {
      if (text.charAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return -1
}

/** The end of a block comment; they nest in PostgreSQL. */
function commentEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length - 1; at++) {
    const pair = text.slice(at, at + 2)
    if (pair !== '/*' && pair !== '*/') continue
    depth += pair === '/*' ? 1 : -1
    at++
    if (depth === 0) return at + 1
  }
  return -1
}

function token(type: Token['type'], start: number, end: number, text: string): Token {
  return end === -1 ? { type: 'unterminated', start, end: text.length } : { type, start, end }
}

function dollarToken(text: string, start: number): Token {
  if (DIGIT.test(text.charAt(start + 1))) {
    return { type: 'placeholder', start, end: runEnd(text, start + 1, DIGIT) }
  }
  DOLLAR_TAG.lastIndex = start
  const tag = DOLLAR_TAG.exec(text)?.[0]
  if (tag === undefined) return { type: 'other', start, end: start + 1 }
  const close = text.indexOf(tag, start + tag.length)
  return token('string', start, close === -1 ? -1 : close + tag.length, text)
}

function nextToken(text: string, start: number, before: Token | undefined): Token {
  const character = text.charAt(start)
  if (SPACE.test(character)) return { type: 'space', start, end: runEnd(text, start, SPACE) }
  if (text.startsWith('--', start)) {
    const line = text.slice(start).search(/[\r\n]/)
    return { type: 'space', start, end: line === -1 ? text.length : start + line }
  }
  if (text.startsWith('/*', start)) return token('space', start, commentEnd(text, start), text)
  if (character === "'") {
    const prefix = before?.type === 'word' ? text.slice(before.start, before.end).toLowerCase() : ''
    return token('string', start, quoteEnd(text, start, prefix === 'e'), text)
  }
  if (character === '"') return token('identifier', start, quoteEnd(text, start, false), text)
  if (character === '$') return dollarToken(text, start)
  if (WORD_START.test(character)) return { type: 'word', start, end: runEnd(text, start, WORD) }
  if (DIGIT.test(character)) return { type: 'number', start, end: runEnd(text, start, /[\w.]/) }
  return { type: 'other', start, end: start + 1 }
}

/**
 * Splits SQL text as PostgreSQL's lexer does with `standard_conforming_strings` on: strings with and without escapes,
 * dollar quotes, quoted identifiers, nested comments. Linear in the length of the text.
 *
 * Source: PostgreSQL's documentation, "Lexical Structure".
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    const next = nextToken(text, at, tokens.at(-1))
    tokens.push(next)
    at = next.end
  }
  return tokens
}
