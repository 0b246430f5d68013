import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import { expect, it } from 'vitest'
import {
  createRequestValue,
  kernel,
  onRefused,
  onSettled,
  recordRefusal,
  refusalOf,
  requestOfOperation,
} from '../../src/index.ts'

it('the requests of operations share what the connection has, and nothing of what befalls them', async () => {
  const value = createRequestValue<string>('portcullis.test/1')
  let asked = 0
  const app = Fastify()
  await app.register(kernel, { identify: () => ({ id: `user-${++asked}` }) })
  let connection: FastifyRequest | undefined
  app.get('/', async (request) => {
    connection = request
    value.set(request, 'of the connection')
    await request.resolvePrincipal()
    return ''
  })
  await app.inject({ url: '/', headers: { 'x-shared': 'yes' } })
  if (connection === undefined) throw new Error('no request came')

  const [first, second] = [requestOfOperation(connection), requestOfOperation(connection)]
  expect(first.request.headers['x-shared']).toBe('yes')
  expect(first.request.server).toBe(connection.server)
  expect(first.request.routeOptions.url).toBe('/')
  expect(first.request.id).toBe(connection.id)
  expect(value.get(first.request)).toBeUndefined()
  value.set(first.request, 'of the first')
  expect([value.get(connection), value.get(second.request)]).toEqual(['of the connection', undefined])

  // Each is asked for anew: a token may have expired since the connection was made.
  expect((await first.request.resolvePrincipal()).id).toBe('user-2')
  expect((await second.request.resolvePrincipal()).id).toBe('user-3')
  expect(connection.principal.id).toBe('user-1')

  const told: string[] = []
  onRefused(first.request, () => void told.push('first refused'))
  onRefused(second.request, () => void told.push('second refused'))
  onSettled(first.request, ({ completed }) => void told.push(`first settled ${completed}`))
  await recordRefusal(first.request, {
    gate: 'test',
    error: Object.assign(new Error('no'), { name: 'FastifyError', code: 'NO' }),
    event: { type: 'query.rejected', severity: 'INFO', details: { code: 'NO' } },
  })
  expect(refusalOf(first.request)?.gate).toBe('test')
  expect([refusalOf(second.request), refusalOf(connection)]).toEqual([undefined, undefined])
  first.settle({ completed: true, statusCode: 200 })
  first.settle({ completed: false, statusCode: 0 })
  expect(told).toEqual(['first refused', 'first settled true'])
  await app.close()
})
