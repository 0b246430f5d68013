import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { expectBootError, expectGuarded, expectOpen } from './expect-gate.ts'
import type { ContractCheck, GateContract } from './gate-contract.ts'
import { registerGate } from './set-ups.ts'

function boot(gate: GateContract, options: object, config?: Record<string, unknown>): FastifyInstance {
  const app = registerGate(Fastify(), gate, options)
  gate.route(app, config === undefined ? {} : { config })
  return app
}

/** Drops a letter in the middle: near enough to be meant. */
function misspelt(name: string): string {
  const middle = Math.floor(name.length / 2)
  return name.slice(0, middle) + name.slice(middle + 1)
}

/** What the gate does with options, right and wrong. */
export function checksOfOptions(gate: GateContract): readonly ContractCheck[] {
  const firstOption = Object.keys(gate.options)[0] ?? 'mode'
  const firstOfRoute = Object.keys(gate.lenientRoute ?? gate.options)[0] ?? 'mode'
  const unknown = `${firstOption}x`
  return [
    ...gate.invalid.map(({ options, says }) => ({
      name: `does not boot with ${JSON.stringify(options, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))}`,
      run: () => expectBootError(boot(gate, options), says),
    })),
    {
      name: 'does not boot with an unknown option, and names the nearest one',
      run: () =>
        expectBootError(boot(gate, { ...gate.options, [unknown]: 1 }), [unknown, `'${firstOption}'`]),
    },
    {
      name: 'takes undefined for absent',
      async run() {
        const app = boot(gate, gate.options, { [gate.name]: { [firstOfRoute]: undefined } })
        await expectGuarded(app, gate)
        await app.close()
      },
    },
    {
      name: `config.${gate.name} = false switches it off for a route`,
      async run() {
        const app = boot(gate, gate.options, { [gate.name]: false })
        await expectOpen(app, gate)
        await app.close()
      },
    },
    {
      name: `config.${gate.name} lays a route's options over the plugin's`,
      async run() {
        const app = boot(gate, gate.options, { [gate.name]: gate.lenientRoute ?? gate.lenient })
        await expectOpen(app, gate)
        await app.close()
      },
    },
    {
      name: 'does not boot with an unknown option of a route, and names the route',
      run: () =>
        expectBootError(boot(gate, gate.options, { [gate.name]: { [unknown]: 1 } }), [
          unknown,
          gate.honest.url.split('?')[0] ?? '',
        ]),
    },
    {
      name: "does not boot with a misspelt key in a route's config",
      run: () => expectBootError(boot(gate, gate.options, { [misspelt(gate.name)]: {} }), [`'${gate.name}'`]),
    },
    {
      name: "does not boot with a route's options outside of the gate's scope",
      run() {
        const app = Fastify()
        void app.register(async (child) => gate.route(registerGate(child, gate), {}), { prefix: '/child' })
        gate.route(app, { config: { [gate.name]: gate.lenientRoute ?? gate.lenient } })
        return expectBootError(app, [gate.name, 'scope'])
      },
    },
  ]
}
