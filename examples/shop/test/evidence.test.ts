import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from '../src/database/seed/generate.ts'
import { createClient } from '../src/tour/client.ts'
import { runTour, type Result } from '../src/tour/runner.ts'
import { steps } from '../src/tour/steps.ts'
import { startShop, type TestShop } from './shop.ts'

let shop: TestShop
let app: FastifyInstance
let tour: Result[]

beforeAll(async () => {
  shop = await startShop()
  app = await shop.build()
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  tour = await runTour(steps, createClient(origin, DEMO_PASSWORD), shop.backstage(app))
})

afterAll(() => shop.close())

describe('the trail of a tour', () => {
  it('has a timeline for every step that sent a request', () => {
    const without = tour.filter(({ timeline }) => timeline === null).map(({ step }) => step.name)
    expect(without).toEqual(['one byte of the trail edited'])
    const timelines = new Map(tour.map(({ step, timeline }) => [step.name, timeline]))
    expect(timelines.get('the same under other names')).toMatch(
      /^limit ok → cost \d+ → mask 2 → SQL 1 \(\d+\.\d ms\) → 200$/,
    )
    expect(timelines.get('flood of 60 GET /orders')).toBe(
      'limit orderLists (20) → 429 USER_RATE_LIMIT_EXCEEDED',
    )
    expect(timelines.get('hanging up before the answer')).toBe('limit ok → aborted')
  })

  it('verifies, and every record of it is one line without control characters', async () => {
    await app.audit.flush()
    expect(await app.audit.verify()).toMatchObject({ ok: true })
    const trail = await readFile(join(app.audit.directory, 'audit.jsonl'), 'utf8')
    for (const line of trail.trimEnd().split('\n')) {
      expect(() => JSON.parse(line)).not.toThrow()
      expect(line).not.toMatch(/\p{Cc}/u)
    }
  })

  it('holds nobody’s address, number, card, password or token', async () => {
    await app.audit.flush()
    const trail = await readFile(join(app.audit.directory, 'audit.jsonl'), 'utf8')
    const { rows } = await shop.owner.query<Record<string, string>>(
      `SELECT email, phone, ssn, (SELECT card_number FROM payment_methods WHERE user_id = users.id LIMIT 1) AS card
       FROM users ORDER BY id LIMIT 50`,
    )
    for (const value of rows.flatMap((row) => Object.values(row))) expect(trail).not.toContain(value)
    expect(trail).not.toContain(DEMO_PASSWORD)
    // Tokens have two dots; hashes of the trail may have the same letters.
    expect(trail).not.toMatch(/eyJ[\w-]*\.|203\.0\.113|192\.0\.2/)
  })

  it('has each request once, whatever became of it', async () => {
    await app.audit.flush()
    const trail = await readFile(join(app.audit.directory, 'audit.jsonl'), 'utf8')
    const ids = trail
      .split('\n')
      .filter((line) => line.includes('"stage":"complete"'))
      .map((line) => String(JSON.parse(line).request.id))
    expect(new Set(ids).size).toBe(ids.length)
    const sent = tour
      .flatMap(({ answers }) => answers.map(({ requestId }) => requestId))
      .filter((id) => id !== null)
    expect(sent.filter((id) => !ids.includes(id))).toEqual([])
  })
})

describe('a change by an admin', () => {
  it('is on record before it is done, before it is answered, and when it is over', async () => {
    const headers = await shop.login(DEMO_ACCOUNTS.admin, app)
    const reply = await app.inject({
      method: 'PATCH',
      url: '/admin/users/5',
      headers,
      payload: { phone: '+1-212-555-0123' },
    })
    expect(reply.statusCode).toBe(200)
    const records = await shop.backstage(app).records(String(reply.headers['x-request-id']))
    const requests = records.filter(({ type }) => type === 'http.request')
    expect(requests.map(({ stage, action }) => [stage, action])).toEqual([
      ['received', 'user.change'],
      ['responding', 'user.change'],
      ['complete', 'user.change'],
    ])
    expect(requests[0]?.actor).toEqual({
      kind: 'user',
      id: app.audit.pseudonymOfPrincipal({ id: '3', tenantId: 'harbor' }),
      tenantId: 'harbor',
    })
    expect(JSON.stringify(records)).not.toContain('0123"')
  })
})
