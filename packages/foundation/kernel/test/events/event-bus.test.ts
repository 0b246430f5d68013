import diagnosticsChannel from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { kernel, SECURITY_EVENT_CHANNEL } from '../../src/index.ts'
import type { SecurityEvent, SecurityEventInput } from '../../src/index.ts'

const event: SecurityEventInput<'auth.failure'> = {
  type: 'auth.failure',
  severity: 'WARNING',
  outcome: 'failed',
  details: { reason: 'bad credentials' },
}

async function build(): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(kernel, {
    now: () => Date.UTC(2026, 0, 2),
    identify: () => ({ id: 'ada', tenantId: 'acme', roles: ['admin'] }),
  })
  return app
}

describe('security events', () => {
  it('carry the facts of the request that they came of', async () => {
    const app = await build()
    const seen: SecurityEvent[] = []
    app.get('/users/:id', async (request) => {
      await request.resolvePrincipal()
      await app.securityEvents.publish(event, request)
      return 'ok'
    })
    await app.ready()
    app.securityEvents.subscribe((one) => void seen.push(one))
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const answer = await app.inject({ url: '/users/7?token=secret', headers: { traceparent } })
    expect(seen).toEqual([
      {
        ...event,
        time: '2026-01-02T00:00:00.000Z',
        requestId: answer.headers['x-request-id'],
        trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
        route: '/users/:id',
        method: 'GET',
        principal: { kind: 'user', id: 'ada', tenantId: 'acme' },
      },
    ])
    expect(Object.isFrozen(seen[0])).toBe(true)
    await app.close()
  })

  it.each([
    '00-zz-b7ad6b7169203331-01',
    '',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    'x'.repeat(500),
  ])('leave out a malformed traceparent (%s)', async (traceparent) => {
    const app = await build()
    const seen: SecurityEvent[] = []
    app.get('/', async (request) => {
      void app.securityEvents.publish(event, request)
      return 'ok'
    })
    await app.ready()
    app.securityEvents.subscribe((one) => void seen.push(one))
    await app.inject({ url: '/', headers: { traceparent } })
    expect(seen[0]?.trace).toBeUndefined()
    await app.close()
  })

  it('wait for durable subscribers only where the publisher waits', async () => {
    const app = await build()
    const order: string[] = []
    app.securityEvents.subscribe(
      async () => {
        await sleep(5)
        order.push('recorded')
      },
      { durable: true },
    )
    await app.securityEvents.publish(event)
    order.push('published')
    expect(order).toEqual(['recorded', 'published'])
    await app.close()
  })

  it('keep what a subscriber throws from the publisher, but tell a durable failure to whoever waits', async () => {
    const app = await build()
    app.securityEvents.subscribe(() => {
      throw new Error('a defect of a subscriber')
    })
    await expect(app.securityEvents.publish(event)).resolves.toBeUndefined()
    const end = app.securityEvents.subscribe(() => Promise.reject(new Error('disk full: /secret/path')), {
      durable: true,
    })
    await expect(app.securityEvents.publish(event)).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_EVENT_NOT_RECORDED',
      message: 'The security event auth.failure could not be recorded durably.',
    })
    void app.securityEvents.publish(event)
    await sleep(5)
    end()
    await expect(app.securityEvents.publish(event)).resolves.toBeUndefined()
    await app.close()
  })

  it('appear on the diagnostics channel too', async () => {
    const app = await build()
    const seen: unknown[] = []
    const listener = (message: unknown): void => void seen.push(message)
    diagnosticsChannel.subscribe(SECURITY_EVENT_CHANNEL, listener)
    await app.securityEvents.publish(event)
    diagnosticsChannel.unsubscribe(SECURITY_EVENT_CHANNEL, listener)
    expect(seen).toMatchObject([event])
    await app.close()
  })

  it('are one stream for all scopes of an app, and none for another app', async () => {
    const [app, other] = [Fastify(), await build()]
    const seen: string[] = []
    void app.register(async (child) => {
      await child.register(kernel)
      child.securityEvents.subscribe(() => void seen.push('child'))
    })
    void app.register(async (child) => {
      await child.register(kernel)
      child.securityEvents.subscribe(() => void seen.push('sibling'))
    })
    void app.register(kernel)
    await app.ready()
    await other.securityEvents.publish(event)
    expect(seen).toEqual([])
    await app.securityEvents.publish(event)
    expect(seen).toEqual(['child', 'sibling'])
    await Promise.all([app.close(), other.close()])
  })
})
