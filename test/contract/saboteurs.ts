import { decide, onSettled, refuse, routeOption, useKernel } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hold, modelGate, modelOptions, TooMuch, wanted } from './model-gate.ts'
import type { ModelOptions } from './model-gate.ts'

type Plugin = FastifyPluginAsync<Partial<ModelOptions>>

/** A plugin that looks like a gate and breaks the contract in one way, with the checks that must notice. */
export interface Saboteur {
  readonly flaw: string
  readonly plugin: Plugin
  /** Names of checks that must fail, as far as they are told here. */
  readonly caughtBy: readonly RegExp[]
}

function tooMuch(): Refusal {
  const error = new TooMuch()
  return {
    gate: 'modelGate',
    error,
    event: { type: 'query.rejected', severity: 'WARNING', details: { code: error.code } },
  }
}

function limitOf(request: FastifyRequest): number {
  const options = routeOption<ModelOptions>(request, 'modelGate')
  return options === false ? Number.POSITIVE_INFINITY : options.maxWanted
}

const onlyOnRoute: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  useKernel(app)
  const { maxWanted } = modelOptions.parse(input)
  app.addHook('onRoute', (route) => {
    const before = [route.onRequest ?? []].flat()
    route.onRequest = [
      ...before,
      async (request: FastifyRequest, reply: FastifyReply) => {
        if (wanted(request.url) > maxWanted) await refuse(request, reply, tooMuch())
      },
    ] as never
  })
})

const ignoresAborts: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  await modelGate(app, input)
  app.addHook('onRequest', async () => hold(app, 1))
  app.addHook('onResponse', async () => hold(app, -1))
})

const swallowsUnknownKeys: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  await modelGate(app, input.maxWanted === undefined ? {} : { maxWanted: input.maxWanted })
})

let refusedSomewhere = false
const globalState: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  await modelGate(app, input)
  decide(app, {
    stage: 'onRequest',
    phase: 'principal',
    name: 'global',
    run(request) {
      const seen = refusedSomewhere
      refusedSomewhere = false
      return seen && wanted(request.url) > 0 ? tooMuch() : undefined
    },
  })
  app.addHook('onError', async () => {
    refusedSomewhere = true
  })
})

const unguardedDecorator: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  await modelGate(app, input)
  app.decorateRequest('modelVerdict', null)
})

const skipsHead: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  useKernel(app)
  await modelGate(app, { ...input, maxWanted: Number.MAX_SAFE_INTEGER })
  const { maxWanted } = modelOptions.parse(input)
  decide(app, {
    stage: 'onRequest',
    phase: 'principal',
    name: 'skipsHead',
    run: (request) => (request.method !== 'HEAD' && wanted(request.url) > maxWanted ? tooMuch() : undefined),
  })
})

const settlesTwice: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  await modelGate(app, input)
  decide(app, {
    stage: 'onRequest',
    phase: 'principal',
    name: 'settlesTwice',
    run(request) {
      if (wanted(request.url) <= limitOf(request)) {
        hold(app, 1)
        hold(app, 1)
        onSettled(request, () => hold(app, -1))
      }
      return undefined
    },
  })
})

const neverTells: Plugin = fp(async (app: FastifyInstance, input: Partial<ModelOptions>) => {
  useKernel(app)
  await modelGate(app, { ...input, maxWanted: Number.MAX_SAFE_INTEGER })
  const { maxWanted } = modelOptions.parse(input)
  app.addHook('onRequest', async (request) => {
    if (wanted(request.url) > maxWanted) throw new TooMuch()
  })
})

/** Every way to break the contract that a gate's author is likely to find. */
export const SABOTEURS: readonly Saboteur[] = [
  {
    flaw: 'attaches only through onRoute',
    plugin: onlyOnRoute,
    caughtBy: [/when registered not awaited/, /when registered after the route/, /scope of its own/],
  },
  {
    flaw: 'ignores client aborts',
    plugin: ignoresAborts,
    caughtBy: [/client goes away/],
  },
  {
    flaw: 'swallows unknown keys',
    plugin: swallowsUnknownKeys,
    caughtBy: [/with an unknown option, and names/],
  },
  { flaw: 'keeps its state in the module', plugin: globalState, caughtBy: [/two apps in one process/] },
  {
    flaw: 'decorates without looking',
    plugin: unguardedDecorator,
    caughtBy: [/innermost registration holds, root first/],
  },
  { flaw: 'skips HEAD', plugin: skipsHead, caughtBy: [/HEAD twin/] },
  {
    flaw: 'holds more than it releases',
    plugin: settlesTwice,
    caughtBy: [/client goes away/, /handler threw/],
  },
  { flaw: 'refuses without telling anybody', plugin: neverTells, caughtBy: [/publishes one security event/] },
]
