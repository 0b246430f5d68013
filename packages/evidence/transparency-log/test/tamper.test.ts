import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { appendEntries, verifyLog } from '../src/index.ts'
import { appendBatches, copyOf, entriesFrom, keyLine, newFolder, newSigner, removeFolders } from './logs.ts'
import { secondVerdict } from './second-verifier.ts'
import { PLACES, SIZE, tamperings } from './tampering.ts'

// The deep tier runs fifty times as many, and the machine may have more to do.
vi.setConfig({ testTimeout: 600_000 })

afterAll(removeFolders)

const owner = newSigner()
const stranger = newSigner()
const key = owner.verifier
const folder = newFolder()
const backup: { folder: string; note: string }[] = []
let notes: string[] = []

beforeAll(async () => {
  const early = await appendBatches(folder, owner, [300])
  backup.push({ folder: copyOf(folder), note: early[0]?.note ?? '' })
  const middle = await appendEntries(folder, entriesFrom(300, 700), { signer: owner })
  backup.push({ folder: copyOf(folder), note: middle.note })
  const late = await appendEntries(folder, entriesFrom(1_000, 700), { signer: owner })
  notes = [early[0]?.note ?? '', middle.note, late.note]
}, 120_000)

/** What both verifiers say. */
async function verdicts(log: string, held: readonly string[]): Promise<{ path: string; second: boolean }> {
  const { ok, fault, entries } = await verifyLog(log, { key, held })
  expect(ok).toBe(fault === undefined)
  if (ok) expect(entries).toBeGreaterThanOrEqual(0)
  const second = secondVerdict(
    log,
    keyLine(owner),
    held.map((note) => Buffer.from(note)),
  )
  return { path: fault?.path ?? 'nothing', second }
}

describe('a log that nobody touched', () => {
  it('is found whole, with and without what was kept elsewhere', async () => {
    expect(await verdicts(folder, [])).toEqual({ path: 'nothing', second: true })
    expect(await verdicts(folder, notes)).toEqual({ path: 'nothing', second: true })
    expect((await verifyLog(folder, { key })).entries).toBe(SIZE)
  })

  it('is whole at every backup, until a newer checkpoint is held', async () => {
    for (const [at, old] of backup.entries()) {
      expect(await verdicts(old.folder, notes.slice(0, at + 1))).toEqual({ path: 'nothing', second: true })
      expect(await verdicts(old.folder, notes.slice(at + 1))).toEqual({ path: 'checkpoint', second: false })
      const { fault, entries } = await verifyLog(old.folder, { key, held: notes })
      expect([fault?.kind, entries]).toEqual(['truncated', [300, 1_000][at]])
    }
  })
})

describe('a log that was tampered with', () => {
  const all = tamperings(stranger)

  it('in at least 20 ways at 5 places', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBeGreaterThanOrEqual(20)
    expect(PLACES).toHaveLength(5)
  })

  it.for(all)('is found out: $name', async ({ name, where, held, tamper }) => {
    for (const place of PLACES) {
      const target = { folder: copyOf(folder), place, entries: entriesFrom(0, SIZE), owner, past: notes }
      await tamper(target)
      const { path, second } = await verdicts(target.folder, held === true ? notes : [])
      expect([name, place, second]).toEqual([name, place, false])
      expect(path).not.toBe('nothing')
      expect(`${name} ${place}: ${path}`).toMatch(new RegExp(`: ${where(target).source.replace(/^\^/, '')}`))
    }
  })
})
