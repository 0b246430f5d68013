import type { FastifyRequest } from 'fastify'
import type { Principal } from '../principal.ts'
import type { Refusal } from '../refusal.ts'
import { createRequestValue } from './request-value.ts'
import type { SettledListener } from './settled.ts'

/** What the kernel remembers of one request. */
export interface RequestState {
  /** The stages whose decisions have run. */
  readonly stagesRun: Set<string>
  /** Called once when the response is over. */
  settled: SettledListener[] | 'over'
  /** Called once when a gate refuses the request. */
  readonly refused: ((refusal: Refusal) => void | Promise<void>)[]
  /** What refused the request, if anything. */
  refusal: Refusal | undefined
  principal: Principal | undefined
  resolving: Promise<Principal> | undefined
  /** How many stages had run when `identify` was asked. */
  resolvedAt: number
  armed: boolean
}

const states = createRequestValue<RequestState>('portcullis.request/1')

/** The kernel's state of a request, created when first asked for. */
export function requestStateOf(request: FastifyRequest): RequestState {
  const known = states.get(request)
  if (known !== undefined) return known
  const state: RequestState = {
    stagesRun: new Set(),
    settled: [],
    refused: [],
    refusal: undefined,
    principal: undefined,
    resolving: undefined,
    resolvedAt: 0,
    armed: false,
  }
  states.set(request, state)
  return state
}
