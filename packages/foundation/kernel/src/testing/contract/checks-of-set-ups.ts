import assert from 'node:assert/strict'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { expectBootError, expectGuarded, expectOpen, send, sendHostile } from './expect-gate.ts'
import type { ContractCheck, GateContract } from './gate-contract.ts'
import { registerGate, SET_UPS } from './set-ups.ts'

/** Where and in which order the gate is registered. */
export function checksOfSetUps(gate: GateContract): readonly ContractCheck[] {
  return [
    ...SET_UPS.map(({ name, prefix, build }) => ({
      name: `guards a route when registered ${name}`,
      run: async (): Promise<void> => {
        const app = await build(gate)
        await expectGuarded(app, gate, prefix)
        await app.close()
      },
    })),
    {
      name: 'guards only its own scope when registered in a child scope',
      async run() {
        const app = Fastify()
        gate.route(app, {})
        void app.register(async (child) => gate.route(registerGate(child, gate), {}), { prefix: '/child' })
        await expectGuarded(app, gate, '/child')
        await expectOpen(app, gate)
        await app.close()
      },
    },
    ...(['root first', 'child first'] as const).map((order) => ({
      name: `the innermost registration holds, ${order}`,
      run: async (): Promise<void> => {
        const app = Fastify()
        if (order === 'root first') registerGate(app, gate)
        gate.route(app, {})
        const lenient = async (child: FastifyInstance): Promise<void> => {
          registerGate(child, gate, gate.lenient)
          gate.route(child, {})
        }
        void app.register(lenient, { prefix: '/child' })
        if (order === 'child first') registerGate(app, gate)
        await expectOpen(app, gate, '/child')
        await expectGuarded(app, gate)
        await app.close()
      },
    })),
    {
      name: 'refuses to be registered twice in one scope',
      async run() {
        const app = registerGate(registerGate(Fastify(), gate), gate)
        gate.route(app, {})
        await expectBootError(app, ['registered twice', gate.name])
      },
    },
    {
      name: 'two apps in one process share nothing',
      async run() {
        const [first, second] = [Fastify(), Fastify()].map((app) => registerGate(app, gate))
        assert.ok(first !== undefined && second !== undefined)
        gate.route(first, {})
        gate.route(second, {})
        await sendHostile(first, gate)
        await expectGuarded(second, gate)
        await Promise.all([first.close(), second.close()])
      },
    },
    {
      name: 'guards the HEAD twin of a GET route',
      async run() {
        const app = registerGate(Fastify(), gate)
        gate.route(app, {})
        if (gate.honest.method !== 'GET') return app.close()
        const heads = { ...gate, hostile: gate.hostile.map((one) => ({ ...one, method: 'HEAD' as const })) }
        const refused = await sendHostile(app, heads)
        assert.equal(refused.statusCode, gate.refusal.statusCode, 'HEAD walks past the gate')
        await app.close()
      },
    },
    {
      name: 'leaves a 404 a 404, with its request id',
      async run() {
        const app = registerGate(Fastify(), gate)
        gate.route(app, {})
        const answer = await send(app, { method: 'GET', url: '/no-such-page' })
        assert.equal(answer.statusCode, 404)
        assert.ok(answer.headers['x-request-id'] !== undefined, 'the 404 has no X-Request-ID')
        await app.close()
      },
    },
  ]
}
