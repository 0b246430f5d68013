import Fastify from 'fastify'
import { expect, it } from 'vitest'
import createError from '@fastify/error'
import { decide, defineGate, defineOptions, integer, kernel, routeOption } from '../src/index.ts'

const opts = defineOptions<{ max: number }>('testGate', { max: { schema: integer(1), default: 3, doc: 'x' } })
const No = createError('NO', 'no', 400)
const gate = defineGate<{ max?: number }, { max: number }>({
  name: 'testGate',
  package: '@x/test-gate',
  options: opts,
  register(app) {
    decide(app, {
      stage: 'onRequest',
      phase: 'address',
      name: 'testGate',
      run(request) {
        const o = routeOption<{ max: number }>(request, 'testGate')
        if (o === false) return undefined
        return o.max > 5
          ? { gate: 'testGate', error: new No(), event: { type: 'query.rejected', severity: 'WARNING', details: { code: 'NO' } } }
          : undefined
      },
    })
  },
})
it('works', async () => {
  const app = Fastify()
  app.get('/a', { config: { testGate: { max: 9 } } as never }, async () => 'a')
  app.register(gate)
  app.register(kernel, { environment: 'test' })
  app.get('/b', async () => 'b')
  const r = await app.inject('/a')
  expect([r.statusCode, r.json().code, r.headers['x-request-id']?.length]).toEqual([400, 'NO', 36])
  expect((await app.inject('/b')).statusCode).toBe(200)
  const bad = Fastify()
  bad.register(gate, { maxx: 3, max: 'x' } as never)
  await expect(bad.ready()).rejects.toThrow(/testGate.maxx is not an option. Did you mean 'max'/)
  const bad2 = Fastify()
  bad2.get('/a', { config: { tesGate: { max: 9 } } as never }, async () => 'a')
  bad2.register(gate)
  await expect(bad2.ready()).rejects.toThrow(/GET \/a: config.tesGate/)
})
