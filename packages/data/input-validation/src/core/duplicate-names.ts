const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** The place of the quote that ends the string which begins at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return -1
}

/**
 * Counts the member names of a JSON text, those that stand twice as well. The text is valid; time is linear in its
 * length.
 */
export function countNames(text: string): number {
  let names = 0
  let start = text.indexOf('"')
  while (start !== -1) {
    const end = endOfString(text, start)
    if (end === -1) return names
    let next = end + 1
    while (isSpace(text.charCodeAt(next))) next++
    if (text.charCodeAt(next) === COLON) names++
    start = text.indexOf('"', next)
  }
  return names
}

interface Frame {
  /** The names so far; `undefined` for an array. */
  readonly names: Set<string> | undefined
  index: number
  name: string
}

/**
 * Finds the members of a JSON text whose names stand more than once in their object.
 *
 * @returns the path of each, at most `most`
 */
export function findDuplicateNames(text: string, most: number): (string | number)[][] {
  const frames: Frame[] = []
  const found: (string | number)[][] = []
  for (let at = 0; at < text.length && found.length < most; at++) {
    const code = text.charCodeAt(at)
    const frame = frames.at(-1)
    if (code === 0x7b) frames.push({ names: new Set(), index: 0, name: '' })
    else if (code === 0x5b) frames.push({ names: undefined, index: 0, name: '' })
    else if (code === 0x7d || code === 0x5d) frames.pop()
    else if (code === 0x2c && frame !== undefined) frame.index++
    else if (code === QUOTE) {
      const end = endOfString(text, at)
      if (end === -1) break
      let next = end + 1
      while (isSpace(text.charCodeAt(next))) next++
      if (text.charCodeAt(next) === COLON && frame?.names !== undefined) {
        frame.name = nameOf(text.slice(at, end + 1))
        if (frame.names.has(frame.name)) {
          found.push(frames.map(({ names, index, name }) => (names === undefined ? index : name)))
        }
        frame.names.add(frame.name)
      }
      at = end
    }
  }
  return found
}

function nameOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted
  }
}
