import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RevocationScope, Session, TokenStore, Used } from '../../src/stores/store.ts'
import { property } from '../property.ts'
import { newSession, START, STORES, useOf } from './harness.ts'
import type { ClockedStore } from './harness.ts'
import { NaiveModel } from './naive-model.ts'
import type { Seen } from './naive-model.ts'

const SUBJECTS = ['ada', 'bob'] as const
/**
 * Time goes in steps of four seconds and every limit lies between two of them: stamps may be some milliseconds ahead of
 * the clock after a revocation, and the model knows nothing of that.
 */
const STEP = 4_000
const LIMITS = { leeway: 10_000, idleTtl: 50_000, absoluteTtl: 202_000 }

type Step =
  | { readonly act: 'open'; readonly subject: number; readonly maxSessions: number; readonly lost: boolean }
  | {
      readonly act: 'use'
      readonly session: number
      readonly behind: number
      readonly grant: string | undefined
      readonly lost: boolean
    }
  | {
      readonly act: 'revoke'
      readonly scope: RevocationScope
      readonly session: number
      readonly lost: boolean
    }
  | { readonly act: 'wait'; readonly steps: number }
  | { readonly act: 'change key' }

const lost = fc.boolean()
const session = fc.nat(5)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant('open'),
        subject: fc.nat(1),
        maxSessions: fc.integer({ min: 1, max: 4 }),
        lost,
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        act: fc.constant('use'),
        session,
        // Mostly the current refresh token; some that were used before, and some that the store has lost.
        behind: fc.oneof(
          { weight: 4, arbitrary: fc.constant(0) },
          { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
          { weight: 1, arbitrary: fc.integer({ min: -3, max: 20 }) },
        ),
        grant: fc.option(fc.constantFrom('{"a":1}', '{"b":2}'), { nil: undefined }),
        lost,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('revoke'),
        scope: fc.constantFrom<RevocationScope>('token', 'session', 'session', 'subject', 'everything'),
        session,
        lost,
      }),
    },
    { weight: 4, arbitrary: fc.record({ act: fc.constant('wait'), steps: fc.constantFrom(1, 2, 3, 13) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('change key') }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 5, maxLength: 45 },
)

const seenOf = ({ id, generation, keyId, grant }: Session): Seen => ({ id, generation, keyId, grant })
const decisionOf = (used: Used): { outcome: string; session?: Seen } =>
  used.outcome === 'used' ? { outcome: 'used', session: seenOf(used.session) } : { outcome: used.outcome }

/** Runs steps against a store and the model, and every answer has to be the model's. */
async function compare(clocked: ClockedStore, all: readonly Step[]): Promise<void> {
  const { store } = clocked
  const model = new NaiveModel()
  const opened: { id: string; subject: string; current: number }[] = []
  const ended = new Set<string>()
  let key = 0
  for (const step of all) {
    if (step.act === 'wait') {
      model.now += step.steps * STEP
      await clocked.setNow(START + model.now)
    } else if (step.act === 'change key') key += 1
    else if (step.act === 'open') {
      const subject = SUBJECTS[step.subject] ?? ''
      const given = newSession({
        ...LIMITS,
        id: `s${opened.length}`,
        subject,
        keyId: `k${key}`,
        maxSessions: step.maxSessions,
      })
      opened.push({ id: given.id, subject, current: 0 })
      const expected = model.open(given)
      const answer = await store.open(given)
      expect(answer.evicted.map(({ id }) => id).toSorted()).toEqual(expected.evicted)
      for (const id of expected.evicted) ended.add(id)
      expect(seenOf((step.lost ? await store.open(given) : answer).session)).toEqual(expected.session)
    } else {
      const at = opened[step.session % Math.max(1, opened.length)]
      if (at === undefined) continue
      if (step.act === 'use') {
        const use = useOf(Math.max(0, at.current - step.behind), {
          ...LIMITS,
          id: at.id,
          keyId: `k${key}`,
          grant: step.grant,
        })
        const expected = model.use(use)
        const answer = decisionOf(await store.use(use))
        expect(answer).toEqual(expected)
        // A lost answer is asked for again, and is the same.
        if (step.lost && answer.outcome === 'used') expect(decisionOf(await store.use(use))).toEqual(expected)
        at.current = expected.session?.generation ?? at.current
        if (expected.outcome === 'reused') ended.add(at.id)
      } else {
        const id = { token: 'jti', session: at.id, subject: at.subject, everything: '' }[step.scope]
        model.revoke(step.scope, id)
        await store.revoke(step.scope, id, 60_000)
        if (step.lost) await store.revoke(step.scope, id, 60_000)
        if (step.scope === 'session') ended.add(id)
      }
    }
    for (const subject of SUBJECTS)
      expect((await store.sessions(subject)).map(({ id }) => id)).toEqual(model.sessions(subject))
  }
  // The log says of each session that was ended by itself that it was, where it still has to.
  if (model.now >= 60_000) return
  const { entries } = await store.snapshot()
  const told = new Set(entries.filter(({ scope }) => scope === 'session').map(({ id }) => id))
  expect(told).toEqual(ended)
}

describe.each(STORES)('%s store', (name, create) => {
  let clocked: ClockedStore
  beforeAll(async () => {
    clocked = await create()
  })
  afterAll(() => clocked.close())

  it('decides as the naive model does', async () => {
    const one = fc.asyncProperty(steps, async (all) => {
      await clocked.clear()
      await compare(clocked, all)
    })
    await fc.assert(one, property(name === 'postgres' ? 60 : 200))
  }, 600_000)

  it('however calls interleave: nothing of what is revoked is accepted, nobody else is sent away', async () => {
    const one = fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom<RevocationScope>('session', 'subject', 'everything'), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.array(
        fc.array(fc.constantFrom('use', 'use', 'lost', 'open', 'key'), { minLength: 1, maxLength: 8 }),
        {
          minLength: 2,
          maxLength: 4,
        },
      ),
      async (scheduler, revocations, clients) => {
        await clocked.clear()
        await interleave(clocked.store, scheduler, revocations, clients)
      },
    )
    await fc.assert(one, property(name === 'postgres' ? 40 : 100))
  }, 600_000)
})

/** What was issued, and when on the order of events of this process. */
interface Issued {
  readonly session: Session
  readonly issuedAt: number
  readonly calledAt: number
}

/** Clients of one subject that share its sessions, beside those who revoke, as the scheduler has it. */
async function interleave(
  store: TokenStore,
  scheduler: fc.Scheduler,
  revocations: readonly RevocationScope[],
  clients: readonly (readonly string[])[],
): Promise<void> {
  let events = 0
  let key = 0
  let count = 0
  const issued: Issued[] = []
  const revoked: { scope: RevocationScope; id: string; revokedAt: number; returnedAt: number }[] = []
  const ended: string[] = []
  const turn = (): Promise<void> => scheduler.schedule(Promise.resolve())
  const open = async (): Promise<Session> => {
    const calledAt = (events += 1)
    const answer = await store.open(newSession({ id: `s${(count += 1)}`, keyId: `k${key}` }))
    issued.push({ ...answer, calledAt })
    return answer.session
  }
  const shared = await open()

  const client = async (acts: readonly string[]): Promise<void> => {
    let mine = shared
    for (const act of acts) {
      await turn()
      if (act === 'key') key += 1
      else if (act === 'open') mine = await open()
      else {
        const calledAt = (events += 1)
        const use = useOf(mine.generation, { id: mine.id, keyId: `k${key}` })
        let used = await store.use(use)
        if (act === 'lost') {
          await turn()
          used = await store.use(use)
        }
        expect(used.outcome).not.toBe('reused')
        if (used.outcome === 'ended') ended.push(mine.id)
        if (used.outcome !== 'used') return
        issued.push({ ...used, calledAt })
        expect(used.session.generation).toBeGreaterThan(mine.generation)
        mine = used.session
      }
    }
  }
  const revoke = async (scope: RevocationScope): Promise<void> => {
    await turn()
    const id = { token: '', session: shared.id, subject: shared.subject, everything: '' }[scope]
    const { revokedAt } = await store.revoke(scope, id, 60_000)
    revoked.push({ scope, id, revokedAt, returnedAt: (events += 1) })
  }
  const running = Promise.all([...clients.map(client), ...revocations.map(revoke)])
  // Each turn is taken when the calls before it may still be under way.
  await Promise.all([scheduler.waitFor(running), running])

  for (const { scope, id, revokedAt, returnedAt } of revoked) {
    for (const { session: one, issuedAt, calledAt } of issued) {
      const concerned = scope === 'session' ? one.id === id : one.createdAt <= revokedAt
      if (!concerned) {
        if (scope !== 'session') expect(issuedAt).toBeGreaterThan(revokedAt)
        continue
      }
      expect(issuedAt).toBeLessThanOrEqual(revokedAt)
      expect(calledAt).toBeLessThan(returnedAt)
    }
  }
  // Who was sent away was revoked, and what was not revoked goes on.
  for (const id of ended) {
    const createdAt = issued.find(({ session: one }) => one.id === id)?.session.createdAt ?? 0
    const why = revoked.find((one) => (one.scope === 'session' ? one.id === id : createdAt <= one.revokedAt))
    expect(why).toBeDefined()
  }
  const { entries } = await store.snapshot()
  expect(entries).toHaveLength(revocations.length)
}
