import type { FastifyError } from '@fastify/error'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SecurityEventInput } from './events/event-types.ts'
import type { Mode } from './options/scalars.ts'
import { requestStateOf } from './requests/request-state.ts'
import { stateOf } from './state.ts'

/** An error that a client sees: coded, with a status, and with GraphQL `extensions` where there are any. */
export type ClientError = FastifyError & { extensions?: Record<string, unknown> }

/** A gate's "no". */
export interface Refusal {
  /** The gate's name. */
  readonly gate: string
  readonly error: ClientError
  /** `measure` reports the refusal and lets the request pass. Default: `enforce`. */
  readonly mode?: Mode
  /** Headers of the answer, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is published. Its outcome is filled in by the kernel: `refused` or `measured`. */
  readonly event: Omit<SecurityEventInput, 'outcome'>
}

/**
 * Answers in a format of its own, such as a GraphQL error: sets status and content type and gives the body. `undefined`
 * leaves the answer to Fastify's error handling.
 */
export type RefusalFormat = (
  request: FastifyRequest,
  reply: FastifyReply,
  error: ClientError,
) => string | undefined

/**
 * Calls `listener` when a gate refuses the request before anything of it was executed: for giving back what an earlier
 * phase reserved, before the answer is sent. What it throws is logged.
 */
export function onRefused(
  request: FastifyRequest,
  listener: (refusal: Refusal) => void | Promise<void>,
): void {
  const state = requestStateOf(request)
  if (state.refused === undefined) state.refused = [listener]
  else state.refused.push(listener)
}

/**
 * Says that something of the request was let through to execution: what was charged so far stays charged, whatever is
 * refused later.
 */
export function beginExecution(request: FastifyRequest): void {
  requestStateOf(request).refused = undefined
}

/** What refused the request, if anything did. */
export function refusalOf(request: FastifyRequest): Refusal | undefined {
  return requestStateOf(request).refusal
}

/**
 * Records a refusal: publishes its event and, where it is enforced, gives back what earlier phases reserved. For
 * callers that answer themselves, such as a GraphQL engine's hook; everybody else calls {@link refuse}.
 *
 * @returns whether the refusal is enforced
 */
export async function recordRefusal(request: FastifyRequest, refusal: Refusal): Promise<boolean> {
  if (!record(request, refusal)) return false
  await giveBack(request, refusal)
  return true
}

/** Publishes the event of a refusal. @returns whether it is enforced */
function record(request: FastifyRequest, refusal: Refusal): boolean {
  const enforced = refusal.mode !== 'measure'
  const outcome = enforced ? 'refused' : 'measured'
  void stateOf(request.server).events.publish({ ...refusal.event, outcome }, request)
  if (!enforced) return false
  // GraphQL engines that format errors themselves read the code here.
  refusal.error.extensions = { ...refusal.error.extensions, code: refusal.error.code }
  requestStateOf(request).refusal ??= refusal
  return true
}

/** Tells those who reserved something for the request that it is refused. */
async function giveBack(request: FastifyRequest, refusal: Refusal): Promise<void> {
  const state = requestStateOf(request)
  const { refused = [] } = state
  state.refused = undefined
  for (const listener of refused) {
    try {
      await listener(refusal)
    } catch (error) {
      request.log.error({ err: error }, 'a refusal listener failed')
    }
  }
}

/**
 * Refuses a request in the right shape: a GraphQL error body on a GraphQL route, else a coded Fastify error, so that
 * the app's own error handler keeps its format. In measure mode it only reports.
 *
 * @returns whether a reply was sent: at once where nothing has to be given back before it
 */
export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): boolean | Promise<boolean> {
  if (!record(request, refusal)) return false
  if (requestStateOf(request).refused === undefined) return answer(request, reply, refusal)
  return giveBack(request, refusal).then(() => answer(request, reply, refusal))
}

function answer(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): true {
  endUpgrade(request, reply)
  void reply.send(formatted(request, reply, refusal) ?? refusal.error)
  return true
}

/** What asked to become a WebSocket is no connection of Node's HTTP any more: nobody else ends it after the answer. */
function endUpgrade({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.headers.upgrade !== undefined) reply.raw.once('finish', () => raw.socket.destroySoon?.())
}

/**
 * Refuses to give out an answer that a handler has made, for `onSend` hooks: the hook returns what this returns. The
 * handler ran, so what was charged for it stays charged.
 *
 * @returns the body to send instead, a GraphQL error on a GraphQL route
 * @throws the refusal's error elsewhere: Fastify's error handling answers then
 */
export async function refuseAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Omit<Refusal, 'mode'>,
): Promise<string> {
  beginExecution(request)
  await recordRefusal(request, refusal)
  const body = formatted(request, reply, refusal)
  if (body === undefined) throw refusal.error
  return body
}

function formatted(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): string | undefined {
  const { headers = {} } = refusal
  for (const name in headers) void reply.header(name, headers[name])
  return stateOf(request.server).refusalFormat?.(request, reply, refusal.error)
}

/** Sets how refusals are answered where Fastify's error handling would give the wrong shape. One for each app. */
export function formatRefusals(app: FastifyInstance, format: RefusalFormat): void {
  stateOf(app).refusalFormat = format
}
