import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { InvalidSourceError } from '../errors.ts'

const PLACES = 64
const BYTES = 128
const LINE = /^([0-9A-F]{40}):\d{1,12}\r?$/

function complain(): never {
  throw new InvalidSourceError(
    'offlineRange: file takes lines of HASH:COUNT, with SHA-1 in upper-case hexadecimal, sorted by it. This one has others: a search in it would find nothing, and say that no password is known.',
  )
}

/**
 * Looks at some lines of a file, evenly spread: whether they have the form and order without which searching it would pass
 * every password.
 *
 * @throws PORTCULLIS_PASSWORD_INVALID_SOURCE
 */
export function checkSorted(path: string): void {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    let before = ''
    for (let place = 0; place < PLACES; place++) {
      const at = Math.floor((size * place) / PLACES)
      const buffer = Buffer.alloc(BYTES)
      const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, BYTES, at))
      const lines = text.split('\n')
      // What was read begins and ends within a line, but for the beginning of the file and its end.
      const line = place === 0 ? lines[0] : lines[1]
      const isCut = at + BYTES < size && lines.length <= (place === 0 ? 1 : 2)
      if (isCut) return complain()
      if (line === undefined || line === '') continue
      const hash = LINE.exec(line)?.[1]
      if (hash === undefined || hash < before) return complain()
      before = hash
    }
    if (before === '') complain()
  } finally {
    closeSync(file)
  }
}
