import { Lexer, Source, TokenKind } from 'graphql'

/** What the source text of one document measures. Counting stops at the first bound that is passed. */
export interface SourceSize {
  /** UTF-8 bytes. */
  readonly bytes: number
  /** Lexical tokens, comments not counted. */
  readonly tokens: number
  /** The deepest nesting of brackets of any kind. */
  readonly nesting: number
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])

/**
 * Measures a document before anything parses it, in one pass without recursion.
 *
 * @param limits counting stops as soon as one of them is passed, so the work is bounded by them
 * @returns the sizes up to there; a text that cannot be read is measured up to its first error
 */
export function countSource(text: string, limits: SourceSize): SourceSize {
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.bytes) return { bytes, tokens: 0, nesting: 0 }
  const lexer = new Lexer(new Source(text))
  let tokens = 0
  let open = 0
  let nesting = 0
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      tokens += 1
      if (OPENING.has(token.kind)) nesting = Math.max(nesting, ++open)
      else if (CLOSING.has(token.kind)) open -= 1
      if (tokens > limits.tokens || nesting > limits.nesting) break
    }
  } catch {
    // A character that GraphQL does not know. Whoever parses the document tells it.
  }
  return { bytes, tokens, nesting }
}
