import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  appendLeaf,
  createRange,
  EMPTY_ROOT,
  leafHash,
  memoryNodes,
  nodeHash,
  proveConsistency,
  proveInclusion,
  rangeRoot,
  TransparencyLogError,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts'
import { entriesFrom, reasonOf } from './logs.ts'
import { runs } from './runs.ts'
import { rootFrom, rootsFrom } from './second-verifier.ts'
import { CONSISTENCY, INCLUSION, LEAVES, ROOTS } from './vectors.ts'

// The deep tier runs fifty times as many, and the machine may have more to do.
vi.setConfig({ testTimeout: 600_000 })

const LARGEST = 5_000
const leaves = entriesFrom(0, LARGEST).map(leafHash)
const nodes = memoryNodes(leaves)
const range = createRange()
/** By size. */
const roots = [EMPTY_ROOT, ...leaves.map((leaf) => (appendLeaf(range, leaf), rangeRoot(range)))]
const none: Buffer = Buffer.alloc(0)
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index]
  if (item === undefined) throw new Error(`no ${index}`)
  return item
}

describe('the tree', () => {
  it('has the published roots, proofs and hashes', async () => {
    const eight = memoryNodes(LEAVES.map(leafHash))
    const tree = createRange()
    expect(rangeRoot(tree).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    for (const [index, leaf] of LEAVES.entries()) {
      appendLeaf(tree, leafHash(leaf))
      expect(rangeRoot(tree)).toEqual(ROOTS[index])
    }
    for (const { index, size, proof } of INCLUSION) {
      expect(await proveInclusion(index, size, eight)).toEqual(proof)
      verifyInclusion(
        { leafHash: leafHash(at(LEAVES, index)), index, size, root: at(ROOTS, size - 1) },
        proof,
      )
    }
    for (const { first, second, proof } of CONSISTENCY) {
      expect(await proveConsistency(first, second, eight)).toEqual(proof)
      const heads = [first, second].map((size) => ({ size, root: at(ROOTS, size - 1) }))
      verifyConsistency(at(heads, 0), at(heads, 1), proof)
    }
  })

  it('a copy of a range grows apart from it', () => {
    const one = createRange()
    appendLeaf(one, at(leaves, 0))
    const other = createRange(one)
    appendLeaf(other, at(leaves, 1))
    expect([rangeRoot(one), rangeRoot(other)]).toEqual([roots[1], roots[2]])
  })
})

const sizes = fc.oneof(
  fc.integer({ min: 1, max: LARGEST }),
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(1, 2, 255, 256, 257, 511, 512, 4095, 4096, 4097),
)

describe('inclusion', () => {
  it('is proven for every entry of every size, as the second verifier says too', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, any) => {
        const index = any % size
        const proof = (await proveInclusion(index, size, nodes)).map((hash) => Buffer.from(hash))
        const claim = { leafHash: at(leaves, index), index, size, root: at(roots, size) }
        verifyInclusion(claim, proof)
        expect(rootFrom(index, size, claim.leafHash, proof)).toEqual(claim.root)
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
      }),
      runs(2_000),
    )
  })

  it('with anything changed, both verifiers say no', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), fc.nat(), async (size, any, change, where) => {
        const index = any % size
        const good: Buffer[] = (await proveInclusion(index, size, nodes)).map((hash) => Buffer.from(hash))
        const place = where % Math.max(1, good.length)
        const flip = (hash: Buffer): Buffer => {
          const copy = Buffer.from(hash)
          copy[where % 32] = (copy[where % 32] ?? 0) ^ (1 << (any % 8))
          return copy
        }
        const claim = { leafHash: at(leaves, index), index, size, root: at(roots, size) }
        const changes: (() => [typeof claim, Buffer[]])[] = [
          () => [{ ...claim, leafHash: flip(claim.leafHash) }, good],
          () => [{ ...claim, root: flip(claim.root) }, good],
          () => [claim, [...good, at(roots, size)]],
          // One level too many, with the root that it leads to.
          () => [{ ...claim, root: nodeHash(at(roots, 1), claim.root) }, [...good, at(roots, 1)]],
          () => [claim, [at(roots, size), ...good]],
          () => [claim, [...good.slice(0, place), randomBytes(32), ...good.slice(place)]],
          () => [{ ...claim, index: index + size }, good],
          () => [{ ...claim, index: size }, good],
          () => [{ ...claim, size: 0, root: EMPTY_ROOT }, good],
          () => [{ ...claim, root: EMPTY_ROOT }, good],
          () => [claim, good.length > 0 ? good.with(place, flip(at(good, place))) : [randomBytes(32)]],
          () => [claim, good.length > 0 ? good.toSpliced(place, 1) : [at(roots, size)]],
          () => [claim, good.length > 0 ? good.with(place, none) : [none]],
          // Another place is another claim, unless the tree has only one.
          () => [
            size > 1 ? { ...claim, index: (index + 1 + (where % (size - 1))) % size } : { ...claim, size: 2 },
            good,
          ],
        ]
        const [wrong, proof] = at(changes, change % changes.length)()
        expect(await reasonOf(() => verifyInclusion(wrong, proof))).toBe('BAD_PROOF')
        const whole = proof.every(({ length }) => length === 32)
        const second = whole ? rootFrom(wrong.index, wrong.size, wrong.leafHash, proof) : undefined
        expect(second?.equals(wrong.root) ?? false).toBe(false)
      }),
      runs(2_000),
    )
  })

  it('of what is no claim is refused, whatever the types', async () => {
    const claim = { leafHash: at(leaves, 0), index: 0, size: 1, root: at(roots, 1) }
    verifyInclusion(claim, [])
    const wrong: unknown[] = [-1, 0.5, Number.NaN, 2 ** 53, Infinity, '0', null, undefined, 1n]
    for (const value of wrong) {
      for (const part of ['index', 'size', 'leafHash', 'root']) {
        const made = { ...claim, [part]: value }
        expect([part, value, await reasonOf(() => verifyInclusion(made, []))]).toEqual([
          part,
          value,
          'BAD_PROOF',
        ])
      }
      expect(await reasonOf(() => verifyInclusion(claim, value as Buffer[]))).toBe('BAD_PROOF')
      expect(await reasonOf(() => verifyInclusion(claim, [value as Buffer]))).toBe('BAD_PROOF')
    }
    expect(await reasonOf(() => proveInclusion(1, 1, nodes))).toBe('INVALID_ARGUMENT')
    expect(await reasonOf(() => proveInclusion(0, LARGEST + 1, nodes))).toBe('INVALID_ARGUMENT')
  })
})

describe('consistency', () => {
  it('is proven between any two sizes, as the second verifier says too', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [first, second] = [Math.min(one, other), Math.max(one, other)]
        const proof = (await proveConsistency(first, second, nodes)).map((hash) => Buffer.from(hash))
        const [older, newer] = [at(roots, first), at(roots, second)]
        verifyConsistency({ size: first, root: older }, { size: second, root: newer }, proof)
        expect(rootsFrom(first, second, older, proof)).toEqual([older, newer])
      }),
      runs(2_000),
    )
  })

  it('with anything changed, both verifiers say no', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, fc.nat(), fc.nat(), async (one, other, change, where) => {
        const [first, second] = [Math.min(one, other), Math.max(one, other)]
        const good: Buffer[] = (await proveConsistency(first, second, nodes)).map((hash) => Buffer.from(hash))
        const place = where % Math.max(1, good.length)
        const [older, newer] = [
          { size: first, root: at(roots, first) },
          { size: second, root: at(roots, second) },
        ]
        const noise = randomBytes(32)
        type Case = [typeof older, typeof newer, Buffer[]]
        const changes: (() => Case)[] = [
          () => [{ ...older, root: noise }, newer, good],
          () => [older, { ...newer, root: noise }, good],
          () => [older, newer, [...good, newer.root]],
          // One level too many, with the roots that it leads to.
          () => [
            { ...older, root: nodeHash(noise, older.root) },
            { ...newer, root: nodeHash(noise, newer.root) },
            [...good, noise],
          ],
          () => [older, newer, [older.root, ...good]],
          () => [older, newer, [...good.slice(0, place), noise, ...good.slice(place)]],
          () => [{ size: 0, root: EMPTY_ROOT }, newer, good],
          () => [{ size: 0, root: EMPTY_ROOT }, newer, []],
          () => [{ ...older, root: EMPTY_ROOT }, newer, good],
          () => [older, { ...newer, root: EMPTY_ROOT }, good],
          () => [older, { size: 0, root: EMPTY_ROOT }, good],
          () => [older, newer, good.length > 0 ? good.with(place, noise) : [noise]],
          () => [older, newer, good.length > 0 ? good.toSpliced(place, 1) : [noise]],
          () => [older, newer, good.length > 0 ? good.with(place, none) : [none]],
          () => (first < second ? [newer, older, good] : [older, { ...newer, root: noise }, good]),
          () => [{ ...older, size: first + 1 }, { ...newer, size: second + 1 }, [...good, noise]],
        ]
        const [from, to, proof] = at(changes, change % changes.length)()
        expect(await reasonOf(() => verifyConsistency(from, to, proof))).toBe('BAD_PROOF')
      }),
      runs(2_000),
    )
  })

  it('of nothing is no proof, nor is it between two empty trees', async () => {
    const empty = { size: 0, root: EMPTY_ROOT }
    expect(await reasonOf(() => verifyConsistency(empty, empty, []))).toBe('BAD_PROOF')
    const emptyRoot = { size: 1, root: EMPTY_ROOT }
    expect(await reasonOf(() => verifyConsistency(emptyRoot, emptyRoot, []))).toBe('BAD_PROOF')
    expect(await reasonOf(() => proveConsistency(0, 5, nodes))).toBe('INVALID_ARGUMENT')
    expect(await reasonOf(() => proveConsistency(6, 5, nodes))).toBe('INVALID_ARGUMENT')
  })

  it('is never found by chance: random sizes and hashes are refused', async () => {
    const anySize = fc.oneof(fc.maxSafeNat(), fc.integer(), fc.double(), fc.constant(2 ** 53 - 1))
    const anyHash = fc.uint8Array({ minLength: 31, maxLength: 33 })
    await fc.assert(
      fc.asyncProperty(
        anySize,
        anySize,
        anyHash,
        anyHash,
        fc.array(anyHash, { maxLength: 60 }),
        async (one, other, hash, root, proof) => {
          fc.pre(!(one === other && Buffer.from(hash).equals(root)))
          const claim = { leafHash: hash, index: one, size: other, root }
          expect(await reasonOf(() => verifyInclusion(claim, proof))).toBe('BAD_PROOF')
          const heads = [
            { size: one, root: hash },
            { size: other, root },
          ] as const
          expect(await reasonOf(() => verifyConsistency(...heads, proof))).toBe('BAD_PROOF')
        },
      ),
      runs(2_000),
    )
  })
})

it('an error says in its code and name what it is', () => {
  const error = new TransparencyLogError('BAD_PROOF', 'no')
  expect([error.name, error.code]).toEqual(['TransparencyLogError', 'PORTCULLIS_TRANSPARENCY_LOG_BAD_PROOF'])
  expect(nodeHash(at(leaves, 0), at(leaves, 1))).toEqual(roots[2])
})
