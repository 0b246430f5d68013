import { EventEmitter, once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { kernel, onSettled } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'

async function build(): Promise<{ app: FastifyInstance; outcomes: Outcome[]; moments: EventEmitter }> {
  const app = Fastify()
  await app.register(kernel)
  const outcomes: Outcome[] = []
  const moments = new EventEmitter()
  app.addHook('onRequest', async (request) => {
    onSettled(request, (outcome) => {
      outcomes.push(outcome)
      moments.emit('settled')
    })
  })
  app.get('/ok', async () => 'ok')
  app.get('/throws', async () => {
    throw new Error('a defect of the app')
  })
  app.get('/hijack', (_request, reply) => {
    reply.hijack()
    reply.raw.end('raw')
  })
  app.get('/stream', async () => Readable.from(['a', 'b']))
  app.get('/hang', async (_request, reply) => {
    moments.emit('hanging')
    await once(reply.raw, 'close')
    return 'nobody hears this'
  })
  return { app, outcomes, moments }
}

describe('onSettled', () => {
  it.each([
    ['/ok', 200],
    ['/throws', 500],
    ['/hijack', 200],
    ['/stream', 200],
    ['/missing', 404],
  ])('is called once for %s', async (url, statusCode) => {
    const { app, outcomes } = await build()
    await app.inject(url)
    await app.close()
    expect(outcomes).toEqual([{ completed: true, statusCode }])
  })

  it('is called once for a request that the client aborts', async () => {
    const { app, outcomes, moments } = await build()
    await app.listen({ port: 0, host: '127.0.0.1' })
    const hanging = once(moments, 'hanging')
    const client = httpRequest({ port: (app.server.address() as AddressInfo).port, path: '/hang' })
    client.on('error', () => undefined)
    client.end()
    await hanging
    const settled = once(moments, 'settled')
    client.destroy()
    await settled
    await app.close()
    expect(outcomes).toMatchObject([{ completed: false }])
  })

  it('calls a late listener at once, and survives listeners that throw', async () => {
    const { app } = await build()
    const called: string[] = []
    app.get('/late', async (request, reply) => {
      onSettled(request, () => {
        throw new Error('a defect of a listener')
      })
      onSettled(request, async () => {
        throw new Error('a defect of another listener')
      })
      onSettled(request, () => {
        called.push('after the others threw')
        onSettled(request, () => void called.push('late'))
      })
      return reply.send('ok')
    })
    await app.inject('/late')
    await app.close()
    expect(called).toEqual(['after the others threw', 'late'])
  })
})
