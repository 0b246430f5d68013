import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsOf } from '../database.ts'
import { ATTEMPTS, TEXTS } from './attempts.ts'
import { startAttacked } from './attacked-database.ts'
import type { AttackedDatabase } from './attacked-database.ts'

/** What nobody but red may see; red's own rows are its own. */
const FORBIDDEN = /secret of (?!red)|SCRAM-SHA-256|PG_VERSION|planted|defaced/

/** What came of an attempt that should not have. */
async function escapes(on: AttackedDatabase, access: 'read' | 'write', text: string): Promise<string[]> {
  const before = { world: await on.world(), session: await on.session() }
  const answer = JSON.stringify(await on.attempt(text, access))
  const after = { world: await on.world(), session: await on.session() }
  return [
    ...(FORBIDDEN.test(answer) ? ['rows were seen'] : []),
    ...(isDeepStrictEqual(before.world, after.world) ? [] : ['the world has changed']),
    ...(isDeepStrictEqual(before.session, after.session) ? [] : ['the session has changed']),
  ]
}

let hardened: AttackedDatabase
beforeAll(async () => {
  hardened = await startAttacked(true)
})
afterAll(() => hardened.stop())

describe('a whole statement of somebody else, on a hardened database', () => {
  it('is tried in more than a hundred ways, none of them twice', () => {
    expect(new Set(TEXTS).size).toBe(TEXTS.length)
    expect(TEXTS.length).toBeGreaterThanOrEqual(100)
  })

  describe.each(Object.entries(ATTEMPTS))('%s', (_after, texts) => {
    it.each(texts.flatMap((text) => [['write', text] as const, ['read', text] as const]))(
      'stay as they are (%s): %s',
      async (access, text) => {
        expect(await escapes(hardened, access, text)).toEqual([])
      },
    )
  })

  it.each(['statements that are none of the kinds', 'more than one statement'])(
    '%s: nothing is sent',
    async (kind) => {
      const events = eventsOf(hardened.app)
      for (const text of ATTEMPTS[kind] ?? []) {
        expect(await hardened.attempt(text, 'write')).toMatchObject({ statusCode: 500, code: 'UNSAFE_SQL' })
      }
      expect(new Set(events.map(({ outcome }) => outcome))).toEqual(new Set(['refused']))
    },
  )

  it('red may still do what is its own', async () => {
    expect(
      await hardened.attempt("insert into orders values (60, 'red', 'mine') returning id", 'write'),
    ).toEqual([{ id: 60 }])
    expect(await hardened.attempt('select id from orders where id = 60', 'read')).toEqual([{ id: 60 }])
  })
})

describe('the same on a database that is not hardened', () => {
  it('some of it is done: the attempts are real', { timeout: 60_000 }, async () => {
    const open = await startAttacked(false)
    const escaped: string[] = []
    const kinds = ['the context', 'what a session keeps']
    for (const text of kinds.flatMap((kind) => ATTEMPTS[kind] ?? [])) {
      if ((await escapes(open, 'write', text)).length > 0) escaped.push(text)
      await open.renew()
    }
    await open.stop()
    expect(escaped).toEqual(
      expect.arrayContaining([
        "select * from set_config('app.current_tenant_id', 'blue', true), orders",
        'select lo_create(4711)',
      ]),
    )
    expect(escaped.length).toBeGreaterThan(8)
  })
})
