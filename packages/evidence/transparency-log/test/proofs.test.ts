import { generateKeyPairSync, hash, verify } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  cosignCheckpoint,
  createCosigner,
  formatProof,
  openCheckpoint,
  parseProof,
  parseVerifierKey,
  proveConsistency,
  proveEntry,
  signCheckpoint,
  tileReader,
  verifyProof,
} from '../src/index.ts'
import type { Appended, Trust } from '../src/index.ts'
import { appendBatches, entriesFrom, keyLine, newFolder, newSigner, reasonOf, removeFolders } from './logs.ts'
import { runs } from './runs.ts'
import { secondProof } from './second-verifier.ts'

// The deep tier runs fifty times as many, and the machine may have more to do.
vi.setConfig({ testTimeout: 600_000 })

afterAll(removeFolders)

const signer = newSigner()
const key = signer.verifier
const folder = newFolder()
const entries = entriesFrom(0, 700)
let heads: Appended[] = []

beforeAll(async () => {
  heads = await appendBatches(folder, signer, [1, 255, 1, 443])
})

const noteOf = (at: number): string => heads[at]?.note ?? ''

describe('a .tlog-proof', () => {
  it('proves every entry of a log to both verifiers', async () => {
    for (let index = 0; index < 700; index += 7) {
      const { entry, proof } = await proveEntry(folder, index, { key })
      expect(Buffer.from(entry)).toEqual(entries[index])
      expect(verifyProof(proof, entry, { key })).toMatchObject({ index, checkpoint: { size: 700 } })
      if (index % 70 === 0) expect(secondProof(Buffer.from(proof), entry, keyLine(signer))).toBe(true)
      expect(parseProof(proof).checkpoint).toBe(noteOf(3))
      expect(formatProof(parseProof(proof))).toBe(proof)
    }
  })

  it('is in the published form', async () => {
    const { proof } = await proveEntry(folder, 300, { key })
    const lines = proof.split('\n')
    expect(lines.slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 300'])
    expect(lines.indexOf('')).toBe(2 + parseProof(proof).hashes.length)
    const extra = formatProof({ ...parseProof(proof), extra: Buffer.from('more') })
    expect(extra.split('\n')[1]).toBe('extra bW9yZQ==')
    expect(verifyProof(extra, entries[300] ?? Buffer.alloc(0), { key }).extra).toEqual(Buffer.from('more'))
  })

  it('of an entry that is not there is not made', async () => {
    for (const index of [700, -1, 0.5, Number.NaN]) {
      expect(await reasonOf(() => proveEntry(folder, index, { key }))).toBe('INVALID_ARGUMENT')
    }
    expect(await reasonOf(() => proveEntry(newFolder(), 0, { key }))).toBe('DAMAGED')
  })

  it('in any other form is refused', async () => {
    const { entry, proof } = await proveEntry(folder, 300, { key })
    const lines = proof.split('\n')
    const forms: string[] = [
      '',
      proof.slice(1),
      proof.replace('@v1', '@v2'),
      proof.replace('index 300', 'index 0300'),
      proof.replace('index 300', 'index -1'),
      proof.replace('index 300', 'index 9007199254740993'),
      proof.replace('index 300', 'index 300 '),
      proof.replace('index 300\n', ''),
      proof.replace('index 300\n', 'index 300\nindex 300\n'),
      proof.replace('index', 'extra \nindex'),
      proof.replace('index', 'extra !!\nindex'),
      proof.replace('index', 'extra AAAA\nextra AAAA\nindex'),
      proof.replace(lines[2] ?? '', (lines[2] ?? '').slice(4)),
      proof.replace(lines[2] ?? '', `${lines[2]} `),
      proof.replace('\n\n', '\n'),
      `${proof}\n`,
      `${proof}x`,
      proof.replaceAll('\n', '\r\n'),
      proof.replace('\n\n', `${'\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='.repeat(60)}\n\n`),
    ]
    for (const [at, form] of forms.entries()) {
      expect([at, await reasonOf(() => verifyProof(form, entry, { key }))]).toEqual([at, 'MALFORMED'])
      expect([at, secondProof(Buffer.from(form), entry, keyLine(signer))]).toEqual([at, false])
    }
  })

  it('of another entry, place or log is refused', async () => {
    const { entry, proof } = await proveEntry(folder, 300, { key })
    const other = Buffer.concat([entry, Buffer.of(0)])
    expect(await reasonOf(() => verifyProof(proof, other, { key }))).toBe('BAD_PROOF')
    expect(await reasonOf(() => verifyProof(proof.replace('index 300', 'index 301'), entry, { key }))).toBe(
      'BAD_PROOF',
    )
    const older = formatProof({ ...parseProof(proof), checkpoint: noteOf(2) })
    expect(await reasonOf(() => verifyProof(older, entry, { key }))).toBe('BAD_PROOF')
    expect(await reasonOf(() => verifyProof(proof, entry, { key: newSigner().verifier }))).toBe('UNKNOWN_KEY')
  })

  it('changed or made in any way never passes and never throws anything else; the verifiers agree', async () => {
    const { entry, proof } = await proveEntry(folder, 300, { key })
    const lines = proof.split(/(?<=\n)/)
    const changed = fc.oneof(
      fc
        .tuple(fc.nat(proof.length), fc.nat(9), fc.string({ maxLength: 3 }))
        .map(([at, length, text]) => proof.slice(0, at) + text + proof.slice(at + length)),
      fc
        .array(fc.constantFrom(...lines, '\n', 'index 300\n', 'extra AA==\n'), { maxLength: 20 })
        .map((some) => some.join('')),
    )
    await fc.assert(
      fc.asyncProperty(changed, async (made) => {
        fc.pre(made !== proof)
        const reason = await reasonOf(() => verifyProof(made, entry, { key }))
        expect(['MALFORMED', 'BAD_PROOF', 'UNKNOWN_KEY', 'BAD_SIGNATURE', 'WRONG_ORIGIN']).toContain(reason)
        // The second verifier has to get as far as a signature to be slow.
        expect(secondProof(Buffer.from(made), entry, keyLine(signer))).toBe(false)
      }),
      runs(2_000),
    )
  })
})

describe('a witness', () => {
  const witness = (name: string): ReturnType<typeof createCosigner> =>
    createCosigner(name, generateKeyPairSync('ed25519').privateKey, () => 1_700_000_000_999)
  const one = witness('witness.example/one')
  const two = witness('witness.example/two')

  it('signs a log that has only grown, and its signature can be demanded', async () => {
    const proof = await proveConsistency(257, 700, tileReader(folder, 700))
    const previous = openCheckpoint(noteOf(2), { key })
    const note = cosignCheckpoint(noteOf(3), { log: { key }, cosigner: one, previous, proof })
    const both = cosignCheckpoint(note, { log: { key }, cosigner: two, previous: undefined, proof: [] })
    const trust = (witnesses: (typeof one)[], quorum?: number): Trust => ({
      key,
      witnesses: witnesses.map(({ verifier }) => verifier),
      quorum,
    })
    expect(openCheckpoint(note, trust([one])).cosignatures).toEqual([
      { name: 'witness.example/one', keyId: one.verifier.keyId, time: 1_700_000_000 },
    ])
    expect(openCheckpoint(both, trust([one, two])).cosignatures).toHaveLength(2)
    expect(openCheckpoint(note, trust([one, two], 1)).cosignatures).toHaveLength(1)
    expect(openCheckpoint(both, { key }).unknown).toBe(2)
    expect(await reasonOf(() => openCheckpoint(note, trust([one, two])))).toBe('UNWITNESSED')
    expect(await reasonOf(() => openCheckpoint(noteOf(3), trust([one])))).toBe('UNWITNESSED')
    const { entry, proof: file } = await proveEntry(folder, 5, { key })
    const witnessed = formatProof({ ...parseProof(file), checkpoint: both })
    expect(verifyProof(witnessed, entry, trust([one, two])).checkpoint.cosignatures).toHaveLength(2)
    expect(await reasonOf(() => verifyProof(file, entry, trust([one])))).toBe('UNWITNESSED')
  })

  it('does not sign what was rewritten, has shrunk or is another log’s', async () => {
    const proof = await proveConsistency(257, 700, tileReader(folder, 700))
    const previous = openCheckpoint(noteOf(2), { key })
    const log = { key }
    const rewritten = signCheckpoint({ size: 700, root: previous.root }, signer)
    const cases: [string, Parameters<typeof cosignCheckpoint>, string][] = [
      ['rewritten', [rewritten, { log, cosigner: one, previous, proof }], 'BAD_PROOF'],
      ['no proof', [noteOf(3), { log, cosigner: one, previous, proof: [] }], 'BAD_PROOF'],
      ['shrunk', [noteOf(0), { log, cosigner: one, previous, proof: [] }], 'BAD_PROOF'],
      ['proof of nothing', [noteOf(3), { log, cosigner: one, previous: undefined, proof }], 'BAD_PROOF'],
      [
        'unknown log',
        [noteOf(3), { log: { key: newSigner().verifier }, cosigner: one, previous, proof }],
        'UNKNOWN_KEY',
      ],
      ['no witness', [noteOf(3), { log, cosigner: signer, previous, proof }], 'INVALID_ARGUMENT'],
    ]
    for (const [name, args, reason] of cases) {
      expect([name, await reasonOf(() => cosignCheckpoint(...args))]).toEqual([name, reason])
    }
    const note = cosignCheckpoint(noteOf(3), { log, cosigner: one, previous, proof })
    expect(await reasonOf(() => cosignCheckpoint(note, { log, cosigner: one, previous, proof }))).toBe(
      'INVALID_ARGUMENT',
    )
  })

  it('is not believed with another time, text or name', async () => {
    const note = cosignCheckpoint(noteOf(3), { log: { key }, cosigner: one, previous: undefined, proof: [] })
    const line = note.trimEnd().split('\n').at(-1) ?? ''
    const bytes = Buffer.from(line.split(' ').at(-1) ?? '', 'base64')
    const trust = { key, witnesses: [one.verifier] }
    for (let at = 4; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const made = note.replace(bytes.toString('base64'), changed.toString('base64'))
      expect(await reasonOf(() => openCheckpoint(made, trust))).toBe('BAD_SIGNATURE')
    }
    const older = noteOf(2) + `${line}\n`
    expect(await reasonOf(() => openCheckpoint(older, trust))).toBe('BAD_SIGNATURE')
    expect(await reasonOf(() => openCheckpoint(note + `${line}\n`, trust))).toBe('MALFORMED')
    const renamed = note.replace('example/one', 'example/two')
    expect(await reasonOf(() => openCheckpoint(renamed, { key, witnesses: [one.verifier] }))).toBe(
      'UNWITNESSED',
    )
  })

  it('cannot be demanded twice under two names, in the log’s stead, or more often than there are', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const [name, alias] = [createCosigner('a', privateKey), createCosigner('b', privateKey)]
    const trusts: Trust[] = [
      { key, witnesses: [name.verifier, alias.verifier] },
      { key, witnesses: [one.verifier, one.verifier] },
      { key, witnesses: [key] },
      { key: one.verifier },
      { key, witnesses: [one.verifier], quorum: 2 },
      { key, witnesses: [one.verifier], quorum: -1 },
      { key, witnesses: [one.verifier], quorum: Number.NaN },
      { key, quorum: 1 },
    ]
    for (const trust of trusts) {
      expect(await reasonOf(() => openCheckpoint(noteOf(3), trust))).toBe('INVALID_ARGUMENT')
    }
  })

  it('signs the message of the specification', () => {
    const note = cosignCheckpoint(noteOf(3), { log: { key }, cosigner: one, previous: undefined, proof: [] })
    const blob = Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64')
    const message = `cosignature/v1\ntime 1700000000\n${note.slice(0, note.indexOf('\n\n') + 1)}`
    expect(blob.readBigUInt64BE(4)).toBe(1_700_000_000n)
    expect(verify(null, Buffer.from(message), one.verifier.publicKey, blob.subarray(12))).toBe(true)
    const raw = Buffer.from(one.verifier.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    const named = Buffer.concat([Buffer.from('witness.example/one\n'), Buffer.of(4), raw])
    expect(blob.toString('hex', 0, 4)).toBe(hash('sha256', named).slice(0, 8))
    expect(parseVerifierKey(keyLine(one)).type).toBe('cosignature')
  })
})
