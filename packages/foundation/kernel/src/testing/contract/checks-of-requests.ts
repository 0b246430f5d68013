import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { SecurityEvent } from '../../events/event-types.ts'
import { expectGuarded, sendHostile } from './expect-gate.ts'
import type { ContractCheck, GateContract } from './gate-contract.ts'
import { registerGate } from './set-ups.ts'

const PATIENCE_MS = 2000

/** Waits until the gate holds nothing more for requests that are over. */
async function expectReleased(app: FastifyInstance, gate: GateContract): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  let held = await gate.held?.(app)
  while (held !== undefined && held > 0 && Date.now() < end) {
    await sleep(10)
    held = await gate.held?.(app)
  }
  assert.ok(held === undefined || held === 0, `the gate still holds ${held} after the request was over`)
}

/** Sends the honest request over a socket and destroys it once the handler runs. */
async function sendAndAbort(
  app: FastifyInstance,
  gate: GateContract,
  running: Promise<unknown>,
): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const { method = 'GET', url, headers, payload } = gate.honest
  const body =
    payload === undefined ? undefined : typeof payload === 'string' ? payload : JSON.stringify(payload)
  const client = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path: url,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(headers as object),
    },
  })
  client.on('error', () => undefined)
  client.end(body)
  await running
  client.destroy()
}

/** What the gate does with requests that do not end as most do. */
export function checksOfRequests(gate: GateContract): readonly ContractCheck[] {
  return [
    {
      name: 'publishes one security event for a refusal, with the id of the request',
      async run() {
        const app = registerGate(Fastify(), gate)
        gate.route(app, {})
        await app.ready()
        const events: SecurityEvent[] = []
        app.securityEvents.subscribe((event) => void events.push(event))
        const refused = await sendHostile(app, gate)
        assert.deepEqual(
          events.map(({ type, outcome, requestId }) => ({ type: type as string, outcome, requestId })),
          [{ type: gate.event, outcome: 'refused', requestId: refused.headers['x-request-id'] }],
        )
        await app.close()
      },
    },
    {
      name: 'leaves nothing behind when a client goes away while the handler runs',
      async run() {
        const app = registerGate(Fastify(), gate)
        const moments = new EventEmitter()
        const signal = AbortSignal.timeout(PATIENCE_MS)
        const running = once(moments, 'running', { signal })
        const gone = once(moments, 'gone', { signal })
        // Waited for below; a gate that refuses the honest request would leave them pending.
        gone.catch(() => undefined)
        let aborted = false
        gate.route(app, {
          async handler(_request, reply) {
            if (aborted) return 'ok'
            const closed = once(reply.raw, 'close')
            moments.emit('running')
            await closed
            aborted = true
            moments.emit('gone')
            return 'nobody hears this'
          },
        })
        await sendAndAbort(app, gate, running)
        await gone
        await expectReleased(app, gate)
        const answer = await app.inject(gate.honest)
        assert.equal(answer.statusCode, 200, 'the app does not answer after an aborted request')
        await app.close()
      },
    },
    {
      name: 'leaves a hijacked reply alone and nothing behind',
      async run() {
        const app = registerGate(Fastify(), gate)
        gate.route(app, {
          handler(_request, reply) {
            reply.hijack()
            reply.raw.end('raw')
          },
        })
        const answer = await app.inject(gate.honest)
        assert.equal(answer.body, 'raw')
        await expectReleased(app, gate)
        await app.close()
      },
    },
    {
      name: 'keeps guarding after a handler threw',
      async run() {
        const app = registerGate(Fastify(), gate)
        let failing = true
        gate.route(app, {
          async handler() {
            if (failing) throw new Error('a defect of the app')
            return 'ok'
          },
        })
        assert.equal((await app.inject(gate.honest)).statusCode, 500)
        failing = false
        await expectReleased(app, gate)
        await expectGuarded(app, gate)
        await app.close()
      },
    },
  ]
}
