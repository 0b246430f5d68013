import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestStateOf } from './request-state.ts'

/** How a request ended. */
export interface Outcome {
  /** The whole response was handed to the network. */
  readonly completed: boolean
  /** The status that was sent, or that would have been. */
  readonly statusCode: number
}

/** Called with the outcome. What it throws or rejects with is logged and goes no further. */
export type SettledListener = (outcome: Outcome) => void | Promise<void>

/**
 * Calls `listener` exactly once when the response is over: sent, failed, hijacked, aborted by the client. Called at
 * once when it is over already.
 *
 * It listens to the raw response's `close`, because Fastify's `onResponse` does not run for aborted requests.
 */
export function onSettled(request: FastifyRequest, listener: SettledListener): void {
  const state = requestStateOf(request)
  if (state.settled === 'over') call(request, listener, { completed: false, statusCode: 0 })
  else if (state.settled === undefined) state.settled = [listener]
  else state.settled.push(listener)
}

function call(request: FastifyRequest, listener: SettledListener, outcome: Outcome): void {
  const failed = (error: unknown): void => request.log.error({ err: error }, 'a settled listener failed')
  try {
    const result = listener(outcome)
    if (result instanceof Promise) result.catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** Tells the listeners of a request that it is over. Once: what is told later is forgotten. */
export function settle(request: FastifyRequest, outcome: Outcome): void {
  const state = requestStateOf(request)
  const { settled } = state
  if (settled === 'over') return
  state.settled = 'over'
  if (settled !== undefined) for (const listener of settled) call(request, listener, outcome)
}

/** Arms {@link onSettled} for a request. The kernel does this in its first hook. */
export function armSettled(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = reply
  let finished = false
  // Both come once; `once` would make two more functions for each request.
  raw.on('finish', () => {
    finished = true
  })
  raw.on('close', () => settle(request, { completed: finished, statusCode: raw.statusCode }))
}
