import type { FastifyRequest } from 'fastify'
import type { Principal } from '../principal.ts'
import type { Refusal } from '../refusal.ts'
import type { RouteRecord } from '../routes/route-record.ts'
import { createRequestValue } from './request-value.ts'
import type { SettledListener } from './settled.ts'

/** What the kernel remembers of one request. */
export interface RequestState {
  /** The rank of the last stage whose decisions have run: stages come in order, each once. -1 before the first. */
  stage: number
  /** Its route, and whether that is a 404's: the one thing that may change of a request's route. */
  route: RouteRecord | undefined
  routeIs404: boolean
  /** Called once when the response is over. */
  settled: SettledListener[] | 'over' | undefined
  /** Called once when a gate refuses the request. */
  refused: ((refusal: Refusal) => void | Promise<void>)[] | undefined
  /** What refused the request, if anything. */
  refusal: Refusal | undefined
  principal: Principal | undefined
  resolving: Promise<Principal> | undefined
  /** The stage in which `identify` was asked. */
  resolvedAt: number
  armed: boolean
}

const states = createRequestValue<RequestState>('portcullis.request/1')

/** The kernel's state of a request, created when first asked for. */
export function requestStateOf(request: FastifyRequest): RequestState {
  const known = states.get(request)
  if (known !== undefined) return known
  const state: RequestState = {
    stage: -1,
    route: undefined,
    routeIs404: false,
    settled: undefined,
    refused: undefined,
    refusal: undefined,
    principal: undefined,
    resolving: undefined,
    resolvedAt: -1,
    armed: false,
  }
  states.set(request, state)
  return state
}
