import type { SecurityEvent } from '@portcullis/kernel'
import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { auditLogger } from '../src/index.ts'
import { rawLines, recordsIn, removeTrails, trailOptions } from './trails.ts'

afterAll(removeTrails)

interface Played {
  readonly app: FastifyInstance
  readonly directory: string
  readonly published: SecurityEvent[]
}

/** Runs `act` in a request and leaves what was recorded. */
async function play(act: (request: FastifyRequest) => unknown): Promise<Played> {
  const options = trailOptions()
  const app = Fastify()
  void app.register(kernel, { identify: () => ({ id: 'ada', tenantId: 'acme' }) })
  void app.register(auditLogger, options)
  app.post('/', async (request) => {
    await request.resolvePrincipal()
    await act(request)
    return 'ok'
  })
  await app.ready()
  const published: SecurityEvent[] = []
  app.securityEvents.subscribe((event) => void published.push(event))
  const answer = await app.inject({ method: 'POST', url: '/' })
  expect(answer.body).toBe('ok')
  await app.close()
  return { app, directory: options.directory, published }
}

const ownOf = (directory: string, type: string) =>
  recordsIn(directory).filter((record) => record.type === type)

describe('an event', () => {
  it('is recorded once, published once, and joined to its request', async () => {
    const { directory, published } = await play((request) =>
      request.audit.dataExport('orders', { target: { type: 'customer', id: '42' } }),
    )
    const [record, ...more] = ownOf(directory, 'data.exported')
    expect(more).toEqual([])
    const [request] = ownOf(directory, 'http.request')
    expect(record).toMatchObject({
      severity: 'WARNING',
      outcome: 'succeeded',
      details: { resource: 'orders' },
      target: { type: 'customer', id: expect.stringMatching(/^[\w-]{22}$/) as string },
      request: { id: request?.request?.id },
      actor: { kind: 'user', tenantId: 'acme', id: request?.actor?.id },
    })
    expect(published.map(({ type, details }) => [type, details])).toEqual([
      ['data.exported', { resource: 'orders' }],
    ])
    expect(rawLines(directory).join()).not.toContain('"ada"')
  })

  it('of anybody else on the bus is recorded too, denials as well', async () => {
    const { directory } = await play((request) =>
      request.server.securityEvents.publish(
        {
          type: 'authz.denied',
          severity: 'WARNING',
          outcome: 'refused',
          details: { permission: 'pii:read' },
        },
        request,
      ),
    )
    expect(ownOf(directory, 'authz.denied')).toMatchObject([
      { outcome: 'refused', details: { permission: 'pii:read' } },
    ])
  })

  it('may hold anything without harm to its request', async () => {
    const cyclic: Record<string, unknown> = {
      id: 1n,
      nan: Number.NaN,
      when: new Date(Number.NaN),
      fn: () => 1,
    }
    cyclic['self'] = cyclic
    Object.defineProperty(cyclic, 'boom', {
      enumerable: true,
      get() {
        throw new Error('a getter')
      },
    })
    const nested: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":1},"a":1}') as Record<
      string,
      unknown
    >
    let deep: object = {}
    for (let level = 0; level < 100_000; level++) deep = { deep }
    const hostile = Object.assign(cyclic, {
      nested,
      deep,
      wide: Array.from({ length: 1e5 }, () => 'x'),
      long: 'y'.repeat(1e6),
      proxy: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('a trap')
          },
        },
      ),
      lone: '\ud800',
      reason: { toString: null },
    })
    const { directory, app } = await play((request) => request.audit.event('db.query', hostile as never))
    const [{ details } = {}] = ownOf(directory, 'db.query')
    expect(details).toBeDefined()
    expect(Math.max(...rawLines(directory).map(({ length }) => length))).toBeLessThan(40_000)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(app).toBeDefined()
  })

  it('keeps head, length and hash of what is too long', async () => {
    const { directory } = await play((request) => request.audit.dataAccess('r'.repeat(5000)))
    expect(ownOf(directory, 'data.accessed')).toMatchObject([
      {
        details: {
          resource: {
            length: 5000,
            head: 'r'.repeat(1024),
            sha256: expect.stringMatching(/^[\da-f]{64}$/) as string,
          },
        },
      },
    ])
  })

  it('stays on its line and cannot command a terminal', async () => {
    const hostile =
      'a\r\n{"seq":0}\u001b[2J\u009b31m\u202egnp.exe\u2028\u2029\u200b\ufeff\u007f\u0000\u{e0041}'
    const { directory } = await play((request) => request.audit.dataAccess(hostile))
    const raw = rawLines(directory).find((line) => line.includes('data.accessed')) ?? ''
    expect(raw).toMatch(/^[\u0020-\u007e]*$/)
    // Nothing is lost: it is what was given.
    expect(ownOf(directory, 'data.accessed')).toMatchObject([{ details: { resource: hostile } }])
  })
})

describe('a change', () => {
  it('tells what really differs, and no personal value', async () => {
    const before = {
      email: 'ada@old.example',
      role: 'user',
      plan: { seats: 3, note: 'x' },
      tags: ['a'],
      gone: 1,
      same: 1,
    }
    const after = {
      email: 'ada@new.example',
      role: 'admin',
      plan: { seats: 4, note: 'x' },
      tags: ['a'],
      same: 1,
      added: 'write to eve@example.org',
    }
    const { directory, published } = await play((request) =>
      request.audit.change({ action: 'user.update', before, after }),
    )
    const [record] = ownOf(directory, 'data.changed')
    expect(record?.changes).toEqual([
      { field: 'email', before: '[masked]', after: '[masked]' },
      { field: 'role', before: 'user', after: 'admin' },
      { field: 'plan.seats', before: 3, after: 4 },
      { field: 'gone', before: 1 },
      { field: 'added', after: 'write to [masked]' },
    ])
    expect(JSON.stringify(published)).not.toMatch(/example|admin/)
  })
})

describe('a gate with a secret', () => {
  it('tells nobody whose pseudonym it is, and gives the same one for the same account', async () => {
    const { directory, app } = await play(async (request) => {
      await request.audit.authentication({
        succeeded: false,
        subject: 'Ada@Example.org ',
        reason: 'bad_password',
      })
      await request.audit.authentication({
        succeeded: false,
        subject: 'ada@example.org',
        reason: 'Error: hunter2 is wrong',
      })
    })
    const records = ownOf(directory, 'auth.failure')
    expect(records.map(({ details }) => details)).toEqual([
      { reason: 'bad_password' },
      { reason: '[masked]' },
    ])
    expect(new Set(records.map(({ subject }) => subject))).toEqual(
      new Set([app.audit.pseudonymOf('ada@example.org')]),
    )
    expect(rawLines(directory).join()).not.toMatch(/hunter2|example\.org/i)
  })
})

describe('a subscriber that publishes too', () => {
  it('leaves each event its own receipt, subject and target', async () => {
    const options = trailOptions()
    const app = Fastify()
    void app.register(kernel)
    app.after(() => {
      // Called before the trail's own subscriber.
      app.securityEvents.subscribe((event, request) => {
        if (event.type !== 'data.exported') return
        void app.securityEvents.publish(
          { type: 'data.accessed', severity: 'INFO', outcome: 'succeeded', details: { resource: 'inner' } },
          request,
        )
        void request?.audit.dataErasure('inner', { target: { type: 'inner', id: '1' } })
      })
    })
    void app.register(auditLogger, options)
    app.get('/', (request) =>
      request.audit.dataExport('outer', { subject: 'ada', target: { type: 'outer', id: '1' } }),
    )
    const { seq } = (await app.inject('/')).json<{ seq: number }>()
    await app.close()
    const records = recordsIn(options.directory)
    expect(records[seq]).toMatchObject({ type: 'data.exported', target: { type: 'outer' } })
    expect(records[seq]?.subject).toBe(app.audit.pseudonymOf('ada'))
    expect(records.find(({ type }) => type === 'data.accessed')?.target).toBeUndefined()
    expect(records.find(({ type }) => type === 'data.erased')?.target?.type).toBe('inner')
  })
})

describe('decorators of the app itself', () => {
  it('are not taken for facts of gates', async () => {
    const options = trailOptions()
    const app = Fastify()
    void app.register(auditLogger, options)
    app.decorateRequest('pii', { getter: () => ({ email: 'ada@example.org' }) })
    app.decorateRequest('queryCost', {
      getter() {
        throw new Error('not here')
      },
    })
    app.get('/', () => 'ok')
    await app.inject('/')
    await app.close()
    const [end] = ownOf(options.directory, 'http.request')
    expect(end?.request?.status).toBe(200)
    expect(end?.facts).toBeUndefined()
  })
})

describe('a timeline', () => {
  it('has everything of one request and nothing of another', async () => {
    const options = trailOptions()
    const app = Fastify()
    void app.register(auditLogger, options)
    app.get('/', async (request) => {
      await request.audit.query("select * from users where ssn = '123-45-6789' and id = $1 -- eve", [
        'secret',
      ])
      return request.id
    })
    const [first] = await Promise.all([app.inject('/'), app.inject('/')])
    const timeline = await app.audit.timeline(first.body)
    expect(timeline.map(({ type }) => type)).toEqual(['db.query', 'http.request'])
    expect(timeline[0]?.details).toMatchObject({
      fingerprint: 'select * from users where ssn = ? and id = $1',
      parameters: ['text(6)'],
    })
    await app.close()
  })
})
