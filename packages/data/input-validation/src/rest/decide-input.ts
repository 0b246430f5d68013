import {
  createRequestValue,
  decide,
  isWithin,
  onceRoutesKnown,
  optionOfRoute,
  provideValidators,
  routeOption,
  routeRecordOf,
  routesOf,
} from '@portcullis/kernel'
import type { DecisionResult, RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ResolvedInputValidationOptions } from '../options.ts'
import { NAME, refusalOf } from '../refusal.ts'
import { hearJsonText } from './json-text.ts'
import { judgeInput } from './judge-input.ts'
import type { Judgement } from './judge-input.ts'
import { lateCompiler } from './late-validator.ts'
import { planRoute } from './route-plan.ts'
import type { RoutePlan } from './route-plan.ts'

type Options = Readonly<ResolvedInputValidationOptions>

/** The parts of a request as they were judged: what is put in their place later was not. */
const judged = createRequestValue<Readonly<Record<string, unknown>>>('portcullis.input-judged/1')

/** A body that a plugin may put there later, as those for uploads do, is not judged yet. */
function isBodyToCome({ body, headers }: FastifyRequest): boolean {
  return body === undefined && headers['content-type'] !== undefined
}

function markJudged(request: FastifyRequest): void {
  const { params, body, query } = request
  judged.set(request, { params, query, ...(isBodyToCome(request) ? {} : { body }) })
}

function isJudged(request: FastifyRequest, part: string, data: unknown): boolean {
  const parts = judged.get(request)
  if (parts === undefined) return false
  return part === 'headers' || (Object.hasOwn(parts, part) && parts[part] === data)
}

const plans = new WeakMap<RouteRecord, RoutePlan>()

/** The schemas of a GraphQL server's own route stay as the server means them. */
function planOf(route: RouteRecord, options: Options, isServer: () => boolean): RoutePlan {
  const known = plans.get(route)
  if (known !== undefined) return known
  const plan = planRoute(route, options, !isServer())
  plans.set(route, plan)
  return plan
}

/** The options that a route's schemas are compiled with; nothing where they stay as they are. */
function strictOptions(route: RouteRecord): Options | undefined {
  try {
    const options = optionOfRoute<ResolvedInputValidationOptions>(route, NAME)
    return options === false || options.mode === 'measure' ? undefined : options
  } catch {
    // Options of a route that are wrong are told when all routes are checked, with the name of the route.
    return undefined
  }
}

/**
 * Judges the input of every request of a scope before Fastify validates it, and lets Fastify's validation know.
 *
 * @param isServer whether a request goes to a GraphQL server
 * @param isServerRoute the same of a route
 */
export function decideInput(
  app: FastifyInstance,
  isServer: (request: FastifyRequest) => boolean,
  isServerRoute: (route: RouteRecord) => boolean,
): void {
  hearJsonText(app)
  provideValidators(app, (route) => {
    const options = strictOptions(route)
    return options === undefined ? undefined : lateCompiler(route, options, isJudged)
  })
  decide(app, {
    stage: 'preValidation',
    phase: 'bounds',
    name: NAME,
    run(request): DecisionResult | Promise<DecisionResult> {
      const options = routeOption<ResolvedInputValidationOptions>(request, NAME)
      if (options === false || request.is404) return undefined
      const plan = planOf(routeRecordOf(request), options, () => isServer(request))
      const judgement = judgeInput(request, plan, options)
      const conclude = (found: Judgement): DecisionResult => {
        if (found !== undefined) return refusalOf(found, options)
        markJudged(request)
        return undefined
      }
      return judgement instanceof Promise ? judgement.then(conclude) : conclude(judgement)
    },
  })
  onceRoutesKnown(app, () => {
    // Whatever cannot be compiled is told before the first request.
    for (const route of routesOf(app)) {
      if (!isWithin(route.scope, app)) continue
      const options = optionOfRoute<ResolvedInputValidationOptions>(route, NAME)
      if (options !== false) planOf(route, options, () => isServerRoute(route))
    }
  })
}
