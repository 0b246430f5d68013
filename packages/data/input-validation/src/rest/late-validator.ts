import { recordRefusal } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { ResolvedInputValidationOptions } from '../options.ts'
import { refusalOf } from '../refusal.ts'
import { judgeInput } from './judge-input.ts'
import type { Judgement } from './judge-input.ts'
import { planRoute } from './route-plan.ts'
import type { RoutePlan } from './route-plan.ts'

/** What a validator answers to Fastify. */
type Answer = true | { readonly error: Error }

/** Fastify hands the request to validators of Ajv; ours says that it is one. */
interface Context {
  readonly parentData?: FastifyRequest
}

/**
 * Compiles to a validator for Fastify that lets pass what was judged before, and judges by the same schema what was not:
 * a body that a hook has put there since, or what `request.validateInput()` is given.
 *
 * @param isJudged whether this very part of the request was judged
 */
export function lateCompiler(
  route: RouteRecord,
  options: Readonly<ResolvedInputValidationOptions>,
  isJudged: (request: FastifyRequest, part: string, data: unknown) => boolean,
): FastifySchemaCompiler<unknown> {
  return ({ httpPart = 'body', schema }) => {
    let plan: RoutePlan | undefined
    const part = httpPart === 'querystring' ? 'query' : httpPart
    function validator(data: unknown, context?: Context): Answer | Promise<Answer> {
      const request = context?.parentData
      if (request !== undefined && isJudged(request, part, data ?? undefined)) return true
      plan ??= planRoute({ ...route, schema: { [httpPart]: schema } }, options, true)
      const alone = { headers: {}, [part]: data ?? undefined } as unknown as FastifyRequest
      const answer = (judgement: Judgement): Answer => {
        if (judgement === undefined) return true
        const refusal = refusalOf(judgement, options)
        if (request !== undefined) void recordRefusal(request, refusal)
        return { error: refusal.error }
      }
      const judgement = judgeInput(alone, plan, options)
      return judgement instanceof Promise ? judgement.then(answer) : answer(judgement)
    }
    return Object.assign(validator, { schemaEnv: true }) as unknown as ReturnType<
      FastifySchemaCompiler<unknown>
    >
  }
}
