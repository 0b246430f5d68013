import { createHash, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSigner, readCheckpoint } from '../../src/core/checkpoint.ts'
import { appendLeaf, createRange, EMPTY_ROOT, leafHash, rootOf } from '../../src/core/merkle.ts'

const runs = {
  seed: Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122),
  numRuns: 200 * Number(process.env['PORTCULLIS_RUNS'] ?? 1),
}

/** The definition of RFC 6962, 2.1, word for word. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  if (leaves.length === 0) return sha()
  if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0] ?? Buffer.alloc(0))
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha(Buffer.from([1]), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

describe('the tree', () => {
  it('has the known hashes of nothing and of an empty leaf', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(leafHash(Buffer.alloc(0)).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
  })

  it('has the root that RFC 6962 defines, at every size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 70 }), (leaves) => {
        const range = createRange()
        for (const [index, leaf] of leaves.entries()) {
          appendLeaf(range, leafHash(leaf))
          expect(rootOf(range)).toEqual(treeHash(leaves.slice(0, index + 1).map((one) => Buffer.from(one))))
        }
      }),
      runs,
    )
  })
})

describe('a checkpoint', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const note = createSigner('shop/audit', privateKey)(7, EMPTY_ROOT)

  it('is a signed note of four lines and a signature', () => {
    expect(note.split('\n').slice(0, 4)).toEqual(['shop/audit', '7', EMPTY_ROOT.toString('base64'), ''])
    expect(readCheckpoint(note, publicKey)).toEqual({ origin: 'shop/audit', size: 7, root: EMPTY_ROOT })
  })

  it('is refused with another key, another size, or anything added', () => {
    expect(readCheckpoint(note, generateKeyPairSync('ed25519').publicKey)).toBe('wrong-key')
    expect(readCheckpoint(note.replace('\n7\n', '\n8\n'), publicKey)).toBe('bad-signature')
    expect(readCheckpoint(`${note}x`, publicKey)).toBe('malformed')
    expect(readCheckpoint(note.replace('\n7\n', '\n07\n'), publicKey)).toBe('malformed')
  })
})
