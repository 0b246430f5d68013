import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import {
  appendEntries,
  decodeBundle,
  encodeBundle,
  tilePath,
  verifyConsistency,
  verifyLog,
} from '../src/index.ts'
import {
  appendBatches,
  copyOf,
  entriesFrom,
  keyLine,
  newFolder,
  newSigner,
  reasonOf,
  removeFolders,
} from './logs.ts'
import { secondVerdict } from './second-verifier.ts'

// The deep tier runs fifty times as many, and the machine may have more to do.
vi.setConfig({ testTimeout: 600_000 })

afterAll(removeFolders)

const signer = newSigner()
const key = signer.verifier

/** All files of a log with what is in them. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted()
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length), readFileSync(path, 'base64')]))
}

describe('a log', () => {
  it('has the layout of the specification at 70,000 entries, whatever the batches', async () => {
    const folder = newFolder()
    const entries = Array.from({ length: 70_000 }, (_, at) => Buffer.from(`entry ${at}`))
    const { checkpoint } = await appendEntries(folder, entries.slice(0, 65_000), { signer })
    expect(checkpoint.size).toBe(65_000)
    await appendEntries(folder, entries.slice(65_000), { signer })
    // The example of c2sp.org/tlog-tiles, in its words: 273 full tiles and so on.
    const names = Object.keys(contentOf(folder)).filter((path) => path.startsWith('/tile/'))
    const count = (form: RegExp): number => names.filter((path) => form.test(path)).length
    expect(count(/^\/tile\/0\/\d{3}$/)).toBe(273)
    expect(count(/^\/tile\/entries\/\d{3}$/)).toBe(273)
    expect(names.filter((path) => !/^\/tile\/(?:0|entries)\/\d{3}$/.test(path))).toEqual([
      '/tile/0/273.p/112',
      '/tile/1/000',
      '/tile/1/001.p/17',
      '/tile/2/000.p/1',
      '/tile/entries/273.p/112',
    ])
    expect(await verifyLog(folder, { key })).toMatchObject({ ok: true, entries: 70_000 })
    expect(decodeBundle(readFileSync(join(folder, 'tile/entries/273.p/112')))[111]).toEqual(
      Buffer.from('entry 69999'),
    )
  })

  it('is the same whether entries come one by one or all at once', async () => {
    const [one, all] = [newFolder(), newFolder()]
    await appendBatches(one, signer, [0, 1, 1, 253, 1, 1, 255, 5])
    await appendEntries(all, entriesFrom(0, 517), { signer })
    const [parts, whole] = [contentOf(one), contentOf(all)]
    expect(parts).toMatchObject(whole)
    // What is there besides are the parts that earlier checkpoints needed, of tiles that are not full.
    const more = Object.keys(parts).filter((path) => !(path in whole))
    expect(more).toEqual(
      [tilePath(0, 2, 0 + 1), tilePath(1, 0, 1), tilePath('entries', 2, 1)]
        .filter((path) => more.includes(`/${path}`))
        .map((path) => `/${path}`),
    )
    for (const folder of [one, all]) {
      expect(await verifyLog(folder, { key })).toMatchObject({ ok: true, entries: 517 })
      expect(secondVerdict(folder, keyLine(signer))).toBe(true)
    }
  })

  it('paths have three digits, and more for more', async () => {
    expect(tilePath(0, 1_234_067)).toBe('tile/0/x001/x234/067')
    expect(tilePath('entries', 1_000, 7)).toBe('tile/entries/x001/000.p/7')
    for (const args of [
      [-1, 0],
      [64, 0],
      [0.5, 0],
      [0, -1],
      [0, 0.5],
      [0, 0, 0],
      [0, 0, 257],
      [0, Number.NaN],
    ] as [number, number, number?][]) {
      expect(await reasonOf(() => tilePath(...args))).toBe('INVALID_ARGUMENT')
    }
  })

  it('bundles hold what was put in, and end where an entry ends', async () => {
    const entries = [Buffer.alloc(0), Buffer.alloc(65_535, 1), Buffer.from('a')]
    const bundle = encodeBundle(entries)
    expect(decodeBundle(bundle).map((entry) => Buffer.from(entry))).toEqual(entries)
    for (const at of [1, 3, 100, bundle.length - 1]) {
      expect(await reasonOf(() => decodeBundle(bundle.subarray(0, at)))).toBe('MALFORMED')
    }
    expect(await reasonOf(() => decodeBundle(Buffer.alloc(257 * 2)))).toBe('MALFORMED')
    expect(await reasonOf(() => encodeBundle([Buffer.alloc(65_536)]))).toBe('INVALID_ARGUMENT')
    expect(await reasonOf(() => encodeBundle(Array.from({ length: 257 }, () => Buffer.alloc(0))))).toBe(
      'INVALID_ARGUMENT',
    )
  })
})

describe('appending', () => {
  it('to another’s log, or with an entry that is too long, changes nothing', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [300])
    const before = contentOf(folder)
    const more = [Buffer.from('more')]
    expect(await reasonOf(() => appendEntries(folder, more, { signer: newSigner() }))).toBe('UNKNOWN_KEY')
    expect(await reasonOf(() => appendEntries(folder, more, { signer: newSigner('b') }))).toBe('UNKNOWN_KEY')
    const long = [...more, Buffer.alloc(65_536)]
    expect(await reasonOf(() => appendEntries(folder, long, { signer }))).toBe('INVALID_ARGUMENT')
    expect(contentOf(folder)).toEqual(before)
  })

  it('to a damaged edge is refused, says where, and changes nothing', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [600])
    for (const path of [tilePath(0, 2, 88), tilePath('entries', 2, 88), tilePath(1, 0, 2), 'checkpoint']) {
      for (const change of [
        (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]),
        (bytes: Buffer): Buffer => bytes.subarray(1),
        (): undefined => undefined,
      ]) {
        const copy = copyOf(folder)
        const changed = change(readFileSync(join(copy, path)))
        if (changed === undefined) rmSync(join(copy, path))
        else writeFileSync(join(copy, path), changed)
        const before = contentOf(copy)
        const reason = await reasonOf(() => appendEntries(copy, [Buffer.from('more')], { signer }))
        expect([path, ['DAMAGED', 'MALFORMED', 'BAD_SIGNATURE'].includes(reason)]).toEqual([path, true])
        expect(contentOf(copy)).toEqual(before)
      }
    }
  })

  it('after a write that was cut short, or an old checkpoint, waits to be told', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [300])
    const old = readFileSync(join(folder, 'checkpoint'))
    await appendEntries(folder, entriesFrom(300, 700), { signer })
    // As a process leaves it that is killed before the checkpoint; and as somebody leaves it who puts one back.
    writeFileSync(join(folder, 'checkpoint'), old)
    const before = contentOf(folder)
    expect((await verifyLog(folder, { key })).fault?.kind).toBe('unsigned')
    await expect(appendEntries(folder, [], { signer })).rejects.toThrow(
      /^tile\/\S+: the checkpoint vouches for 300/,
    )
    expect(contentOf(folder)).toEqual(before)
    const { index } = await appendEntries(folder, [Buffer.from('after')], { signer, recover: true })
    expect(index).toBe(300)
    expect(await verifyLog(folder, { key })).toMatchObject({ ok: true, entries: 301 })
    expect(secondVerdict(folder, keyLine(signer))).toBe(true)
  })

  it('at once by two is done by one; the other is told', async () => {
    const folder = newFolder()
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, at) =>
        reasonOf(() => appendEntries(folder, entriesFrom(at, 3), { signer })),
      ),
    )
    expect(answers.toSorted()).toEqual(['LOCKED', 'LOCKED', 'LOCKED', 'nothing'])
    expect(await verifyLog(folder, { key })).toMatchObject({ ok: true, entries: 3 })
    writeFileSync(join(folder, 'lock'), 'elsewhere 1\n')
    expect(await reasonOf(() => appendEntries(folder, [], { signer }))).toBe('LOCKED')
    expect(existsSync(join(folder, 'lock'))).toBe(true)
  })

  it('while somebody verifies raises no false alarm', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [200])
    const writing = { now: true }
    const writer = (async () => {
      for (let round = 0; round < 40; round++) await appendEntries(folder, entriesFrom(0, 37), { signer })
      writing.now = false
    })()
    let verified = 0
    while (writing.now) {
      const { fault } = await verifyLog(folder, { key })
      expect(fault).toBeUndefined()
      verified += 1
    }
    await writer
    expect(verified).toBeGreaterThan(1)
    expect(await verifyLog(folder, { key })).toMatchObject({ ok: true, entries: 200 + 40 * 37 })
  })
})

describe('verifying', () => {
  it('what is no log at all is an error or a fault, never good', async () => {
    await expect(verifyLog(join(newFolder(), 'nowhere'), { key })).rejects.toThrow('ENOENT')
    expect((await verifyLog(newFolder(), { key })).fault).toMatchObject({
      kind: 'missing',
      path: 'checkpoint',
    })
    const odd = newFolder()
    await appendBatches(odd, signer, [0])
    mkdirSync(join(odd, 'tile'))
    expect((await verifyLog(odd, { key })).ok).toBe(true)
    writeFileSync(join(odd, 'tile', 'x'), '')
    expect((await verifyLog(odd, { key })).fault?.kind).toBe('unknown-file')
  })

  it('with a checkpoint that is not good says so, rather than anything of the log', async () => {
    const folder = newFolder()
    const [first] = await appendBatches(folder, signer, [5])
    const held = [(first?.note ?? '').replace('\n5\n', '\n4\n')]
    expect(await reasonOf(() => verifyLog(folder, { key, held }))).toBe('BAD_SIGNATURE')
    expect(await reasonOf(() => verifyLog(folder, { key, held: ['nonsense'] }))).toBe('MALFORMED')
  })

  it('does not excuse an old checkpoint for a lock that lies around, or for another note', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [300])
    const old = readFileSync(join(folder, 'checkpoint'))
    await appendEntries(folder, entriesFrom(300, 10), { signer })
    writeFileSync(join(folder, 'checkpoint'), old)
    writeFileSync(join(folder, 'lock'), '')
    const verdict = verifyLog(folder, { key })
    writeFileSync(join(folder, 'checkpoint'), `${old.toString()}— somebody AAAAAAAA\n`)
    expect((await verdict).fault?.kind).toBe('unsigned')
  })

  it('says what it found in a line that obeys nobody', async () => {
    const folder = newFolder()
    await appendBatches(folder, signer, [3])
    writeFileSync(join(folder, 'tile', '0', 'x\nok: all is well \u001b[2J\u202e'), '')
    const { fault } = await verifyLog(folder, { key })
    expect(fault?.message).toContain(
      'tile/0/x\\u{a}ok: all is well \\u{1b}[2J\\u{202e}: no log has such a file.',
    )
  })

  it('compares every held checkpoint, in any order', async () => {
    const folder = newFolder()
    const heads = await appendBatches(folder, signer, [5, 251, 1, 300, 211])
    const held = heads.map(({ note }) => note).toReversed()
    expect((await verifyLog(folder, { key, held })).ok).toBe(true)
    const rewritten = newFolder()
    const entries = entriesFrom(0, 768)
    await appendEntries(rewritten, entries.with(400, Buffer.from('other')), { signer })
    const { fault, entries: good } = await verifyLog(rewritten, { key, held })
    expect([fault?.kind, fault?.entry, good]).toEqual(['rewritten', 257, 257])
    expect(() =>
      verifyConsistency(
        { size: 768, root: heads[4]?.checkpoint.root ?? Buffer.alloc(0) },
        { size: 768, root: Buffer.alloc(32) },
        [],
      ),
    ).toThrow('two roots')
  })
})
