import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { refuse } from '../refusal.ts'
import { requestStateOf } from '../requests/request-state.ts'
import { stateOf } from '../state.ts'
import type { Decision, DecisionResult } from './decide.ts'
import { rankOf, STAGES } from './phases.ts'
import type { Stage } from './phases.ts'

type StageHook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

function planOf(scope: FastifyInstance, stage: Stage): readonly Decision[] {
  return stateOf(scope)
    .decisions.visibleFrom(scope)
    .map((entry) => entry.value)
    .filter((decision) => decision.stage === stage)
    .sort((a, b) => rankOf(stage, a.phase) - rankOf(stage, b.phase) || (a.name < b.name ? -1 : 1))
}

/**
 * Makes the hook function of one stage. A child scope that registers gates too has a second one; whichever comes first
 * runs all decisions that hold in the request's scope, and the other finds them done.
 */
export function stageHook(stage: Stage): StageHook {
  const rank = STAGES.indexOf(stage)
  const plans = new WeakMap<FastifyInstance, readonly Decision[]>()

  function planFor(scope: FastifyInstance): readonly Decision[] {
    const known = plans.get(scope)
    if (known !== undefined) return known
    const plan = planOf(scope, stage)
    plans.set(scope, plan)
    return plan
  }

  function run(
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
    plan: readonly Decision[],
    from: number,
  ): void {
    for (let index = from; index < plan.length; index++) {
      const result = plan[index]?.run(request, reply)
      if (result === undefined) continue
      const stopped = 'then' in result ? conclude(request, reply, result) : refuse(request, reply, result)
      if (stopped === true) return
      if (stopped === false) continue
      // What has to be waited for continues in a promise; the rest of the plan runs after it.
      stopped.then(
        (is) => {
          if (!is) resume(request, reply, done, plan, index + 1)
        },
        (error: Error) => done(error),
      )
      return
    }
    done()
  }

  function resume(...[request, reply, done, plan, from]: Parameters<typeof run>): void {
    try {
      run(request, reply, done, plan, from)
    } catch (error) {
      done(error as Error)
    }
  }

  return function portcullisStage(request, reply, done) {
    const state = requestStateOf(request)
    if (state.stage >= rank) return done()
    state.stage = rank
    resume(request, reply, done, planFor(request.server), 0)
  }
}

async function conclude(
  request: FastifyRequest,
  reply: FastifyReply,
  result: Promise<DecisionResult>,
): Promise<boolean> {
  const refusal = await result
  return refusal === undefined ? false : refuse(request, reply, refusal)
}
