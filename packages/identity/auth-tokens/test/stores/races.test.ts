import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { race, sharedPostgres, sharedRedis } from './racers.ts'
import type { SharedStore } from './racers.ts'
import { refreshRace } from './refresh-race.ts'

/** What a client of another process got, and when it had asked, on the clock of the machine. */
interface Note {
  readonly act: 'open' | 'used' | 'reused' | 'ended'
  readonly subject: string
  readonly calledAt: number
  readonly createdAt: number
  readonly issuedAt: number
}

interface Revoked {
  readonly subject: string
  readonly revokedAt: number
  readonly calledAt: number
  readonly returnedAt: number
}

const SUBJECTS = 5

describe.each([
  ['redis', sharedRedis],
  ['postgres', sharedPostgres],
] as const)('%s store', (_name, create) => {
  let shared: SharedStore
  beforeAll(async () => {
    shared = await create()
  })
  afterAll(() => shared.close())

  it('50 parallel uses × 2 processes × 50 sessions: all succeed, one successor each', async () => {
    await refreshRace(shared, { processes: 2, sessions: 50, parallel: 50 })
  }, 60_000)

  it('uses and sign-ins against revocations of subjects and of everything: none is accepted that should not be', async () => {
    const revoked: Revoked[] = []
    const task = { ...shared.task, mode: 'live', duration: 2_000, clients: 20, subjects: SUBJECTS }
    const answers = await race(2, task, async () => {
      const endAt = performance.now() + 1_900
      for (let round = 0; performance.now() < endAt; round += 1) {
        // Every seventh time everything, which is the subject of all.
        const subject = round % 7 === 6 ? '' : `subject ${round % SUBJECTS}`
        const calledAt = Number(process.hrtime.bigint())
        const { revokedAt } = await shared.store.revoke(
          subject === '' ? 'everything' : 'subject',
          subject,
          60_000,
        )
        revoked.push({ subject, revokedAt, calledAt, returnedAt: Number(process.hrtime.bigint()) })
        await delay(round % 4)
      }
    })
    const notes = (answers as Note[][]).flat()
    const issued = notes.filter(({ act }) => act === 'used' || act === 'open')
    let concerned = 0
    for (const { subject, revokedAt, returnedAt } of revoked) {
      for (const note of issued) {
        if (subject !== '' && note.subject !== subject) continue
        if (note.createdAt > revokedAt) continue
        concerned += 1
        if (note.issuedAt > revokedAt || note.calledAt > returnedAt)
          expect.fail(JSON.stringify({ note, revokedAt }))
      }
    }
    // Nobody is sent away for nothing: between a sign-in and its end there was a revocation.
    expect(notes.filter(({ act }) => act === 'reused')).toEqual([])
    for (const note of notes.filter(({ act }) => act === 'ended')) {
      const why = revoked.find(
        ({ subject, revokedAt }) =>
          (subject === '' || subject === note.subject) && note.createdAt <= revokedAt,
      )
      expect(why).toBeDefined()
    }
    // It was a race.
    expect(revoked.length).toBeGreaterThan(20)
    expect(concerned).toBeGreaterThan(100)
    expect(await shared.deadlocks()).toBe(0)
  }, 60_000)
})
