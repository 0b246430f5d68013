import { closeSync, cpSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditLogger, verify } from '../../src/index.ts'
import { directory, publicKey, rawLines, recordsIn, removeTrails, trailOptions } from '../trails.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = 400 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)

afterAll(removeTrails)

const original = trailOptions()
const file = (path: string): string => join(path, 'audit.jsonl')

beforeAll(async () => {
  const app = Fastify()
  void app.register(auditLogger, original)
  app.get('/', (request) => request.audit.dataAccess('orders'))
  await app.ready()
  for (const count of [1, 3]) {
    await Promise.all(Array.from({ length: count }, () => app.inject('/')))
    await app.audit.flush()
  }
  await app.close()
})

/** Numbers from 0 up to 1, the same for the same seed. */
function random(): () => number {
  let state = seed
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
}

describe(`one byte, wherever it is (seed ${seed})`, () => {
  it(
    'cannot be changed without verify finding it',
    { timeout: 60_000 * Math.max(1, runs / 400) },
    async () => {
      const bytes = readFileSync(file(original.directory))
      const next = random()
      const lastLine = bytes.lastIndexOf('\n', bytes.length - 2) + 1
      const positions = [
        // Every byte of a checkpoint: it is no leaf of the tree, only its signature vouches for it.
        ...Array.from({ length: bytes.length - lastLine }, (_none, index) => lastLine + index),
        ...Array.from({ length: runs }, () => Math.floor(next() * bytes.length)),
      ]
      const copy = directory()
      cpSync(original.directory, copy, { recursive: true })
      const handle = openSync(file(copy), 'r+')
      const unnoticed: string[] = []
      for (const at of positions) {
        const old = bytes.readUInt8(at)
        // A neighbour in the alphabet of base64, or anything else.
        const others = [old + 1, Math.floor(next() * 256)].filter((byte) => byte !== old)
        for (const byte of others) {
          writeSync(handle, Buffer.of(byte), 0, 1, at)
          if ((await verify(copy, { publicKey })).ok) unnoticed.push(`byte ${at}: ${old} -> ${byte}`)
        }
        writeSync(handle, Buffer.of(old), 0, 1, at)
      }
      closeSync(handle)
      expect(unnoticed).toEqual([])
      expect((await verify(copy, { publicKey })).ok).toBe(true)
    },
  )

  it('cannot be changed in the checkpoint beside the trail either', async () => {
    const copy = directory()
    cpSync(original.directory, copy, { recursive: true })
    const note = readFileSync(join(copy, 'checkpoint'))
    const unnoticed: number[] = []
    for (const [at, old] of note.entries()) {
      for (const byte of [old + 1, old ^ 32]) {
        writeFileSync(join(copy, 'checkpoint'), Buffer.from(note).fill(byte, at, at + 1))
        if ((await verify(copy, { publicKey })).ok) unnoticed.push(at)
      }
    }
    expect(unnoticed).toEqual([])
  })

  it('nor added: line breaks of another kind, blanks, a second member of the same name', async () => {
    const lines = rawLines(original.directory)
    const changed = [
      lines.map((line) => `${line}\r`),
      lines.with(3, `${lines[3]} `),
      ['', ...lines],
      [...lines, ''],
      lines.map((line) => (line.startsWith('{"checkpoint"') ? line.replace('{', '{ ') : line)),
      lines.map((line) =>
        line.startsWith('{"checkpoint"') ? line.replace('}', ',"checkpoint":"x"}') : line,
      ),
      lines.map((line) => (line.startsWith('{"seq"') ? line.replace(/}$/, ',"severity":"INFO"}') : line)),
      [`\ufeff${lines[0]}`, ...lines.slice(1)],
    ]
    for (const some of changed) {
      const copy = directory()
      cpSync(original.directory, copy, { recursive: true })
      writeFileSync(file(copy), `${some.join('\n')}\n`)
      expect((await verify(copy, { publicKey })).ok, some.join('\n').slice(0, 300)).toBe(false)
    }
  })
})

describe('files that were exchanged', () => {
  it('are those of another trail, or of another name', async () => {
    const other = trailOptions({ origin: 'other' })
    const app = Fastify()
    void app.register(auditLogger, other)
    await app.ready()
    await app.close()
    const copy = directory()
    cpSync(original.directory, copy, { recursive: true })
    cpSync(join(other.directory, 'checkpoint'), join(copy, 'checkpoint'))
    expect((await verify(copy, { publicKey })).fault?.kind).toBe('foreign')
    expect((await verify(other.directory, { publicKey })).ok).toBe(true)
    expect((await verify(other.directory, { publicKey, origin: 'audit' })).fault?.kind).toBe('foreign')
    // The whole of it, as if it were this trail: somebody who kept a checkpoint of this one sees it.
    cpSync(other.directory, copy, { recursive: true, force: true })
    const kept = readFileSync(join(original.directory, 'checkpoint'), 'utf8')
    expect((await verify(copy, { publicKey, checkpoint: kept })).ok).toBe(false)
    const refused = Fastify()
    void refused.register(auditLogger, { ...original, directory: copy })
    const code = await refused.ready().then(
      () => 'ready',
      (error: unknown) => (error as { code: string }).code,
    )
    expect(code).toBe('PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED')
    await refused.close()
  })
})

describe('a process that died in the middle of a write', () => {
  it('leaves a trail that goes on, wherever the write was torn', { timeout: 120_000 }, async () => {
    const bytes = readFileSync(file(original.directory))
    // The checkpoint beside is that of the batch before the last one, as it is when a process dies.
    const lines = rawLines(original.directory)
    const before = lines.slice(0, -1).findLastIndex((line) => line.startsWith('{"checkpoint"'))
    const { checkpoint } = JSON.parse(lines[before] ?? '') as { checkpoint: string }
    const sealed = lines.slice(0, before + 1).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
    const next = random()
    const cuts = [sealed, sealed + 1, bytes.length - 1]
    for (let count = 0; count < 12; count++) cuts.push(sealed + Math.floor(next() * (bytes.length - sealed)))
    for (const cut of cuts) {
      const path = directory()
      writeFileSync(file(path), bytes.subarray(0, cut))
      writeFileSync(join(path, 'checkpoint'), checkpoint)
      const app = Fastify()
      void app.register(auditLogger, { ...original, directory: path })
      app.get('/', (request) => request.audit.dataAccess('orders'))
      expect((await app.inject('/')).statusCode, `cut at ${cut}`).toBe(200)
      await app.close()
      const recovered = recordsIn(path).filter(({ type }) => type === 'audit.recovered')
      expect(recovered.map(({ details }) => (details as { bytes: number }).bytes)).toEqual(
        cut === sealed ? [] : [cut - sealed],
      )
      expect(await verify(path, { publicKey, checkpoint })).toMatchObject({ ok: true, fault: undefined })
    }
  })
})
