import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ATTEMPTS, TEXTS } from './attempts.ts'
import { startHardened } from './hardened-database.ts'
import type { HardenedDatabase } from './hardened-database.ts'

/** What nobody but red may see; red's own rows are its own. */
const FORBIDDEN = /secret of (?!red)|SCRAM-SHA-256|PG_VERSION|planted|defaced/

/** What came of an attempt that should not have. */
async function escapes(on: HardenedDatabase, access: 'read' | 'write', text: string): Promise<string[]> {
  const before = { world: await on.world(), session: await on.session() }
  const answer = await on.attempt(text, access).catch((error: unknown) => error)
  const { rows = [] } = answer as { rows?: unknown }
  const after = { world: await on.world(), session: await on.session() }
  return [
    ...(FORBIDDEN.test(JSON.stringify(rows)) ? ['rows were seen'] : []),
    ...(isDeepStrictEqual(before.world, after.world) ? [] : ['the world has changed']),
    ...(isDeepStrictEqual(before.session, after.session) ? [] : ['the session has changed']),
  ]
}

let hardened: HardenedDatabase
beforeAll(async () => {
  hardened = await startHardened(true)
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
      for (const text of ATTEMPTS[kind] ?? []) {
        await expect(hardened.attempt(text, 'write')).rejects.toMatchObject({ code: 'UNSAFE_SQL' })
      }
    },
  )

  it('red may still do what is its own', async () => {
    const own = await hardened.attempt("insert into orders values (60, 'red', 'mine') returning id", 'write')
    expect(own?.rows).toEqual([{ id: 60 }])
    expect((await hardened.attempt('select id from orders where id = 60', 'read'))?.rows).toEqual([
      { id: 60 },
    ])
  })
})

describe('the same on a database that is not hardened', () => {
  it(
    'the check of kinds holds, and much else does not: the attempts are real',
    { timeout: 60_000 },
    async () => {
      const open = await startHardened(false)
      const escaped: string[] = []
      for (const [after, texts] of Object.entries(ATTEMPTS)) {
        for (const text of texts) {
          if ((await escapes(open, 'write', text)).length > 0) escaped.push(`${after}: ${text}`)
          await open.forget()
        }
      }
      await open.stop()
      expect(escaped).toEqual(
        expect.arrayContaining([
          "the context: with s as materialized (select set_config('app.current_tenant_id', 'blue', true)) select o.* from s, orders as o",
          "the context: select query_to_xml($$select set_config('app.current_tenant_id', 'blue', false)$$, true, false, '')",
          'what a session keeps: select pg_advisory_lock(1)',
          'what a session keeps: select 1 as one into temp kept',
          'what a session keeps: select lo_create(4711)',
        ]),
      )
      expect(escaped.filter((one) => /^(statements that|more than)/.test(one))).toEqual([])
      expect(escaped.length).toBeGreaterThan(30)
    },
  )
})
