import { HASH_SIZE } from '../hash/hash-size.ts'
import { malformed } from '../note/malformed.ts'
import { readText } from '../note/read-text.ts'
import { strictBase64 } from '../note/strict-base64.ts'
import { PROOF_HEADER } from './tlog-proof.ts'
import type { TlogProof } from './tlog-proof.ts'

const INDEX = /^index (0|[1-9]\d{0,15})$/
/** Levels of the largest tree, of 2^53 - 1 leaves. */
const MOST_HASHES = 53

function parseHash(line: string): Buffer {
  const hash = strictBase64(line)
  if (hash?.length !== HASH_SIZE) throw malformed('A line of the proof is no hash.')
  return hash
}

/**
 * Reads the text of a `.tlog-proof` file (C2SP tlog-proof). Nothing of it is verified; {@link verifyProof} does both.
 *
 * @throws {@link TransparencyLogError} MALFORMED when it is none
 */
export function parseProof(proof: string | Uint8Array): TlogProof {
  const whole = readText(proof)
  const end = whole.indexOf('\n\n')
  if (end === -1) throw malformed('The proof has no empty line before its checkpoint.')
  const [header, ...lines] = whole.slice(0, end).split('\n')
  if (header !== PROOF_HEADER) throw malformed(`The first line of the proof is not ${PROOF_HEADER}.`)
  const extraLine = lines[0]?.startsWith('extra ') === true ? lines.shift() : undefined
  const extra = extraLine === undefined ? undefined : strictBase64(extraLine.slice('extra '.length))
  if (extraLine !== undefined && extra === undefined) throw malformed('The extra data are no base64.')
  const [, index] = INDEX.exec(lines.shift() ?? '') ?? []
  if (index === undefined || !Number.isSafeInteger(Number(index))) {
    throw malformed('The proof does not say which entry it is about.')
  }
  if (lines.length > MOST_HASHES) throw malformed('The proof has more hashes than any tree has levels.')
  return { index: Number(index), hashes: lines.map(parseHash), checkpoint: whole.slice(end + 2), extra }
}
