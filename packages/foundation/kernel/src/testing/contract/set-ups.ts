import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { ContractRoute, GateContract } from './gate-contract.ts'

/** A way in which an app declares its route and registers a gate. */
export interface SetUp {
  readonly name: string
  /** The prefix under which the route ends up. */
  readonly prefix: string
  readonly build: (gate: GateContract, route?: ContractRoute) => Promise<FastifyInstance>
}

/** Registers a gate with its strict options, as a user would. */
export function registerGate(
  app: FastifyInstance,
  gate: GateContract,
  options: object = gate.options,
): FastifyInstance {
  void app.register(gate.plugin, options as never)
  return app
}

/** The five orders in which people register plugins and routes. A gate that attaches in `onRoute` guards one of them. */
export const SET_UPS: readonly SetUp[] = [
  {
    name: 'awaited before the route',
    prefix: '',
    async build(gate, route = {}) {
      const app = Fastify()
      await app.register(gate.plugin, gate.options as never)
      gate.route(app, route)
      return app
    },
  },
  {
    name: 'not awaited, before the route',
    prefix: '',
    async build(gate, route = {}) {
      const app = registerGate(Fastify(), gate)
      gate.route(app, route)
      return app
    },
  },
  {
    name: 'after the route',
    prefix: '',
    async build(gate, route = {}) {
      const app = Fastify()
      gate.route(app, route)
      return registerGate(app, gate)
    },
  },
  {
    name: 'after a plugin that declares the route in the same scope',
    prefix: '',
    async build(gate, route = {}) {
      const app = Fastify()
      await app.register(fp(async (scope) => gate.route(scope, route)))
      return registerGate(app, gate)
    },
  },
  {
    name: 'after a plugin that declares the route in a scope of its own',
    prefix: '/inner',
    async build(gate, route = {}) {
      const app = Fastify()
      await app.register(async (scope) => gate.route(scope, route), { prefix: '/inner' })
      return registerGate(app, gate)
    },
  },
]
