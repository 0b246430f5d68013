import {
  codedError,
  decide,
  defineGate,
  defineOptions,
  integer,
  onSettled,
  routeOption,
} from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'
import type { GateContract } from '@portcullis/kernel/testing'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'

/** Options of the gate that the saboteurs spoil. */
export interface ModelOptions {
  /** Requests that ask for more than this are refused. */
  readonly maxWanted: number
}

export const TooMuch: CodedError<'TOO_MUCH'> = codedError('TOO_MUCH', 'Too much is wanted.', 400)

/** Options of the model gate. */
export const modelOptions = defineOptions<ModelOptions>('modelGate', {
  maxWanted: { schema: integer(0), default: 3, doc: 'Most that may be wanted.' },
})

/** How much is asked for by a request of the model. */
export function wanted(url: string): number {
  return Number(new URL(url, 'http://model').searchParams.get('wanted') ?? 0)
}

const held = new WeakMap<object, number>()

/** How many requests the gate counts as under way in an app. */
function heldBy(app: FastifyInstance): number {
  return held.get(app.server) ?? 0
}

/** Counts a request in (1) or out (-1). */
export function hold(app: FastifyInstance, change: 1 | -1): void {
  held.set(app.server, heldBy(app) + change)
}

/** A gate as small as a gate can be, which keeps the whole contract. */
export const modelGate: FastifyPluginAsync<Partial<ModelOptions>> = defineGate<
  Partial<ModelOptions>,
  ModelOptions
>({
  name: 'modelGate',
  package: '@portcullis-internal/model-gate',
  options: modelOptions,
  register(app) {
    decide(app, {
      stage: 'onRequest',
      phase: 'address',
      name: 'modelGate',
      run(request) {
        const options = routeOption<ModelOptions>(request, 'modelGate')
        if (options === false) return undefined
        if (wanted(request.url) > options.maxWanted) {
          const error = new TooMuch()
          const event = {
            type: 'query.rejected',
            severity: 'WARNING',
            details: { code: error.code },
          } as const
          return { gate: 'modelGate', error, event }
        }
        hold(app, 1)
        onSettled(request, () => hold(app, -1))
        return undefined
      },
    })
  },
})

/** The contract of a plugin that claims to be the model gate. */
export function contractOf(plugin: FastifyPluginAsync<never>): GateContract {
  return {
    name: 'modelGate',
    plugin,
    options: { maxWanted: 3 },
    lenient: { maxWanted: 99 },
    route(scope, { config = {}, handler = async () => 'ok' }) {
      scope.get('/model', { config: { ...config } }, handler)
    },
    honest: { method: 'GET', url: '/model?wanted=1' },
    hostile: [{ method: 'GET', url: '/model?wanted=4' }],
    refusal: { statusCode: 400, code: 'TOO_MUCH' },
    event: 'query.rejected',
    held: heldBy,
    invalid: [{ options: { maxWanted: -1 }, says: ['modelGate.maxWanted', '-1', 'at least 0'] }],
  }
}
