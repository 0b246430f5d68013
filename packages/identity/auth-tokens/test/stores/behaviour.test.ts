import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Revocation, Session } from '../../src/stores/store.ts'
import { newSession, START, STORES, useOf } from './harness.ts'
import type { ClockedStore } from './harness.ts'

const MINUTE = 60_000

describe.each(STORES)('%s store', (_name, create) => {
  let clocked: ClockedStore
  beforeAll(async () => {
    clocked = await create()
  })
  afterAll(() => clocked.close())
  beforeEach(() => clocked.clear())
  const at = (time: number): Promise<void> => clocked.setNow(START + time)
  const ids = async (subject = 'ada'): Promise<string[]> =>
    (await clocked.store.sessions(subject)).map(({ id }) => id)

  describe('a session', () => {
    it('is what it was opened with', async () => {
      const { session, issuedAt, evicted } = await clocked.store.open(newSession())
      const expected: Session = {
        id: 's1',
        subject: 'ada',
        grant: '{"scope":"read"}',
        keyId: 'k1',
        generation: 0,
        createdAt: START,
        usedAt: START,
        idleExpiresAt: START + 100_000,
        expiresAt: START + 1_000_000,
      }
      expect([session, issuedAt, evicted]).toEqual([expected, START, []])
      expect(await clocked.store.find('s1')).toEqual(expected)
      expect(await clocked.store.sessions('ada')).toEqual([expected])
      expect([await clocked.store.find('s2'), await ids('bob')]).toEqual([undefined, []])
    })

    it('keeps any text as it is', async () => {
      const subject = "o'hara {x} “ü” 𝒳 \n\\ %s $1 __proto__"
      const grant = JSON.stringify({ note: subject, 'a b': [1, null, true] })
      await clocked.store.open(newSession({ subject, grant, id: 'A-_9', keyId: 'k 1:"2"' }))
      expect(await clocked.store.find('A-_9')).toMatchObject({ subject, grant, keyId: 'k 1:"2"' })
      expect(await ids(subject)).toEqual(['A-_9'])
    })

    it('ends when it is idle for too long, and is there until then', async () => {
      await clocked.store.open(newSession())
      await at(99_999)
      expect(await ids()).toEqual(['s1'])
      expect(await clocked.store.use(useOf(0))).toMatchObject({ outcome: 'used' })
      await at(199_998)
      expect(await clocked.store.use(useOf(1))).toMatchObject({ outcome: 'used' })
      await at(299_998)
      expect(await clocked.store.find('s1')).toBeUndefined()
      expect(await ids()).toEqual([])
      expect(await clocked.store.use(useOf(2))).toEqual({ outcome: 'ended' })
    })

    it('ends at its last moment however much it is used', async () => {
      await clocked.store.open(newSession({ absoluteTtl: 150_000 }))
      await at(90_000)
      const used = await clocked.store.use(useOf(0))
      expect(used).toMatchObject({ session: { idleExpiresAt: START + 150_000, expiresAt: START + 150_000 } })
      await at(149_999)
      expect(await clocked.store.use(useOf(1))).toMatchObject({ outcome: 'used' })
      await at(150_000)
      expect(await clocked.store.use(useOf(2))).toEqual({ outcome: 'ended' })
    })

    it('opened once more, because the answer was lost, is the same, and makes no room', async () => {
      const given = newSession({ maxSessions: 2 })
      await clocked.store.open(newSession({ id: 's0' }))
      const first = await clocked.store.open(given)
      await clocked.store.use(useOf(0))
      const again = await clocked.store.open(given)
      expect(again.session).toEqual({ ...first.session, generation: 1 })
      expect(again.evicted).toEqual([])
      expect(await ids()).toEqual(['s1', 's0'])
    })
  })

  describe('a use', () => {
    beforeEach(() => clocked.store.open(newSession()))

    it('of the current number goes on to the next', async () => {
      await at(1_000)
      expect(await clocked.store.use(useOf(0, { keyId: 'k2', idleTtl: 5_000 }))).toEqual({
        outcome: 'used',
        issuedAt: START + 1_000,
        session: {
          ...newSessionRead(),
          keyId: 'k2',
          generation: 1,
          usedAt: START + 1_000,
          idleExpiresAt: START + 6_000,
        },
      })
    })

    it('of an older number has the same successor for as long as its leeway', async () => {
      await clocked.store.use(useOf(0))
      await at(5_000)
      await clocked.store.use(useOf(1))
      await at(10_000)
      const again = await clocked.store.use(useOf(0, { keyId: 'k9', idleTtl: 1 }))
      expect(again).toMatchObject({ outcome: 'used', issuedAt: START + 10_000 })
      expect(again).toMatchObject({ session: { generation: 2, keyId: 'k1', usedAt: START + 5_000 } })
      await at(15_000)
      expect(await clocked.store.use(useOf(1))).toMatchObject({ session: { generation: 2 } })
    })

    it('of an older number after its leeway ends the session, in the same step', async () => {
      await clocked.store.use(useOf(0))
      const before = (await clocked.store.snapshot()).cursor
      await at(10_001)
      const used = await clocked.store.use(useOf(0))
      const revocation: Revocation = {
        scope: 'session',
        id: 's1',
        revokedAt: START + 10_001,
        expiresAt: START + 10_001 + MINUTE,
      }
      expect(used).toEqual({ outcome: 'reused', subject: 'ada', revocation })
      expect(await clocked.store.changes(before)).toMatchObject({ entries: [revocation] })
      expect(await clocked.store.use(useOf(1))).toEqual({ outcome: 'ended' })
      expect(await clocked.store.use(useOf(0))).toEqual({ outcome: 'ended' })
      expect(await ids()).toEqual([])
    })

    it('within the leeway of a later number is judged by its own', async () => {
      await clocked.store.use(useOf(0))
      await at(9_000)
      await clocked.store.use(useOf(1))
      await at(11_000)
      expect(await clocked.store.use(useOf(0))).toMatchObject({ outcome: 'reused' })
    })

    it('remembers sixteen numbers', async () => {
      for (let generation = 0; generation < 20; generation += 1) await clocked.store.use(useOf(generation))
      expect(await clocked.store.use(useOf(4))).toMatchObject({ session: { generation: 20 } })
      expect(await clocked.store.use(useOf(3))).toMatchObject({ outcome: 'reused' })
    })

    it('of a number that the store has lost goes on from there', async () => {
      await clocked.store.use(useOf(0))
      expect(await clocked.store.use(useOf(5))).toMatchObject({ session: { generation: 6 } })
      expect(await clocked.store.use(useOf(5))).toMatchObject({ session: { generation: 6 } })
      expect(await clocked.store.use(useOf(0))).toMatchObject({ outcome: 'reused' })
    })

    it('keeps a new grant, also where the successor is there already, and without one the old', async () => {
      await clocked.store.use(useOf(0, { grant: '{"v":2}' }))
      expect(await clocked.store.find('s1')).toMatchObject({ grant: '{"v":2}' })
      await clocked.store.use(useOf(1))
      await clocked.store.use(useOf(0, { grant: '{"v":3}' }))
      expect(await clocked.store.find('s1')).toMatchObject({ grant: '{"v":3}', generation: 2 })
      await clocked.store.use(useOf(2))
      expect(await clocked.store.find('s1')).toMatchObject({ grant: '{"v":3}' })
    })

    it('of what nobody opened is over', async () => {
      expect(await clocked.store.use(useOf(0, { id: 'nobody' }))).toEqual({ outcome: 'ended' })
    })
  })

  describe('most sessions of a subject', () => {
    it('the least recently used ones end, and only those of the subject', async () => {
      await clocked.store.open(newSession({ id: 'b1', subject: 'bob' }))
      for (const [time, id] of [
        [1_000, 's1'],
        [2_000, 's2'],
        [3_000, 's3'],
      ] as const) {
        await at(time)
        await clocked.store.open(newSession({ id }))
      }
      await at(4_000)
      await clocked.store.use(useOf(0))
      const { cursor } = await clocked.store.snapshot()
      await at(5_000)
      const { evicted } = await clocked.store.open(newSession({ id: 's4', maxSessions: 2 }))
      expect(new Set(evicted.map(({ scope, id }) => `${scope} ${id}`))).toEqual(
        new Set(['session s3', 'session s2']),
      )
      const told = await clocked.store.changes(cursor)
      expect(new Set(told === 'lost' ? [] : told.entries)).toEqual(new Set(evicted))
      expect(await ids()).toEqual(['s4', 's1'])
      expect(await ids('bob')).toEqual(['b1'])
    })

    it('what has expired takes no place', async () => {
      await clocked.store.open(newSession({ id: 's1', idleTtl: 1_000 }))
      await at(500)
      await clocked.store.open(newSession({ id: 's2' }))
      await at(1_000)
      expect((await clocked.store.open(newSession({ id: 's3', maxSessions: 2 }))).evicted).toEqual([])
      expect(await ids()).toEqual(['s3', 's2'])
    })

    it('one at a time', async () => {
      for (const id of ['s1', 's2', 's3']) await clocked.store.open(newSession({ id, maxSessions: 1 }))
      expect(await ids()).toEqual(['s3'])
    })
  })

  describe('a revocation', () => {
    beforeEach(async () => {
      await clocked.store.open(newSession())
      await clocked.store.open(newSession({ id: 's2' }))
      await clocked.store.open(newSession({ id: 'b1', subject: 'bob' }))
    })

    it.each([
      ['token', 'a-jti', ['s2', 's1'], ['b1']],
      ['session', 's1', ['s2'], ['b1']],
      ['session', 'unknown', ['s2', 's1'], ['b1']],
      ['subject', 'ada', [], ['b1']],
      ['subject', 'unknown', ['s2', 's1'], ['b1']],
      ['everything', '', [], []],
    ] as const)('of %s %s', async (scope, id, ada, bob) => {
      await at(1_000)
      const revocation = await clocked.store.revoke(scope, id, MINUTE)
      expect(revocation).toMatchObject({ scope, id, expiresAt: revocation.revokedAt + MINUTE })
      expect(revocation.revokedAt).toBeGreaterThanOrEqual(START + 1_000)
      expect(revocation.revokedAt).toBeLessThan(START + 1_100)
      expect([await ids(), await ids('bob')]).toEqual([ada, bob])
      expect((await clocked.store.use(useOf(0))).outcome).toBe(
        (ada as readonly string[]).includes('s1') ? 'used' : 'ended',
      )
      expect((await clocked.store.snapshot()).entries).toEqual([revocation])
    })

    it.each(['subject', 'everything'] as const)(
      'of %s: what is issued before is not later, what is issued next is',
      async (scope) => {
        const { issuedAt } = (await clocked.store.use(useOf(0))) as { issuedAt: number }
        const revocation = await clocked.store.revoke(scope, scope === 'subject' ? 'ada' : '', MINUTE)
        expect(revocation.revokedAt).toBeGreaterThanOrEqual(issuedAt)
        const next = await clocked.store.open(newSession({ id: 's3' }))
        expect(next.issuedAt).toBeGreaterThan(revocation.revokedAt)
        const used = await clocked.store.use(useOf(0, { id: 's3' }))
        expect(used).toMatchObject({ outcome: 'used' })
        expect((used as { issuedAt: number }).issuedAt).toBeGreaterThan(revocation.revokedAt)
        const again = await clocked.store.revoke(scope, scope === 'subject' ? 'ada' : '', MINUTE)
        expect(again.revokedAt).toBeGreaterThanOrEqual((used as { issuedAt: number }).issuedAt)
      },
    )

    it.each([
      ['token', 'jti'],
      ['session', 's1'],
      ['subject', 'ada'],
      ['everything', ''],
    ] as const)(
      'of a %s: a clock that is set back hides nothing that was issued before',
      async (scope, id) => {
        await at(50_000)
        const { issuedAt } = (await clocked.store.use(useOf(0))) as { issuedAt: number }
        await at(20_000)
        const retried = (await clocked.store.use(useOf(0))) as { issuedAt: number }
        const revocation = await clocked.store.revoke(scope, id, MINUTE)
        expect(revocation.revokedAt).toBeGreaterThanOrEqual(Math.max(issuedAt, retried.issuedAt))
        await at(10_000)
        const next = await clocked.store.open(newSession({ id: 's9' }))
        if (scope === 'subject' || scope === 'everything')
          expect(next.issuedAt).toBeGreaterThan(revocation.revokedAt)
        expect((await clocked.store.find('s9'))?.createdAt).toBe(next.issuedAt)
      },
    )

    it('of many subjects puts the stamps of the others not ahead of the clock', async () => {
      for (let round = 0; round < 50; round += 1) {
        await clocked.store.revoke('subject', `user ${round}`, MINUTE)
        const { issuedAt } = await clocked.store.open(
          newSession({ id: `n${round}`, subject: `other ${round}` }),
        )
        expect(issuedAt).toBe(START)
      }
    })

    it('is in force until it expires', async () => {
      await clocked.store.revoke('token', 'short', 1_000)
      await clocked.store.revoke('token', 'long', 200_000)
      await at(100_000)
      // What has expired may be told for a while; what is in force has to be.
      expect((await clocked.store.snapshot()).entries.map(({ id }) => id)).toEqual(['long'])
    })
  })

  describe('the log', () => {
    it('goes on where the snapshot ended, in order, whatever is written in between', async () => {
      await clocked.store.revoke('token', 'a', MINUTE)
      const snapshot = await clocked.store.snapshot()
      expect(snapshot.entries.map(({ id }) => id)).toEqual(['a'])
      for (const id of ['b', 'c']) await clocked.store.revoke('token', id, MINUTE)
      const changes = await clocked.store.changes(snapshot.cursor)
      if (changes === 'lost') throw new Error('lost')
      expect(changes.entries.map(({ id }) => id)).toEqual(['b', 'c'])
      await clocked.store.revoke('token', 'd', MINUTE)
      expect(await clocked.store.changes(changes.cursor)).toMatchObject({ entries: [{ id: 'd' }] })
    })

    it('begins empty', async () => {
      const { entries, cursor } = await clocked.store.snapshot()
      expect(entries).toEqual([])
      await clocked.store.revoke('everything', '', MINUTE)
      expect(await clocked.store.changes(cursor)).toMatchObject({
        entries: [{ scope: 'everything', id: '' }],
      })
    })

    it('what has expired is removed while it grows, and what follows it closely loses nothing', async () => {
      let { cursor } = await clocked.store.snapshot()
      const seen: string[] = []
      for (let round = 0; round < 30; round += 1) {
        await at(round * 10_000)
        await clocked.store.revoke('token', `t${round}`, 15_000)
        const changes = await clocked.store.changes(cursor)
        if (changes === 'lost') throw new Error('lost')
        seen.push(...changes.entries.map(({ id }) => id))
        cursor = changes.cursor
      }
      expect(seen).toEqual(Array.from({ length: 30 }, (_, round) => `t${round}`))
      expect((await clocked.store.snapshot()).entries.map(({ id }) => id)).toEqual(['t28', 't29'])
    })
  })
})

function newSessionRead(): Session {
  return {
    id: 's1',
    subject: 'ada',
    grant: '{"scope":"read"}',
    keyId: 'k1',
    generation: 0,
    createdAt: START,
    usedAt: START,
    idleExpiresAt: START + 100_000,
    expiresAt: START + 1_000_000,
  }
}
