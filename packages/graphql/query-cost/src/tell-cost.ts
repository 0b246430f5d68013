import diagnosticsChannel from 'node:diagnostics_channel'
import type { AnswerPayload, OperationAnswer } from '@portcullis/graphql-gate'
import { addExtensions } from '@portcullis/graphql-gate'
import type { FastifyRequest } from 'fastify'
import { actualOf, answeredCost, pricedAt, rememberAnswer } from './answered-operations.ts'
import { tellActual } from './cost-headers.ts'
import { executionOf } from './execution.ts'
import type { PricedOperation } from './priced-operation.ts'
import { throttleStatusOf } from './throttle-status.ts'

/**
 * The channel of `node:diagnostics_channel` on which every operation that was answered, or that query-cost refused, tells
 * its {@link MeasuredCost}.
 */
export const QUERY_COST_CHANNEL = 'portcullis.query-cost'

interface ToldCost {
  /** The price before it ran: `Number.MAX_SAFE_INTEGER` where it is that or more, or nothing bounds it. */
  readonly estimated: number
  /** `query`, `mutation` or `subscription`. */
  readonly kind: string
  /** The route's pattern. */
  readonly route: string | undefined
  readonly requestId: string
}

/** What an operation cost that ran. */
export interface AnsweredCost extends ToldCost {
  readonly outcome: 'answered'
  /** Counted from its answer. */
  readonly actual: number
  /** `estimated - actual`. */
  readonly delta: number
}

/** What an operation would have cost that query-cost refused, alone or with the batch that it was part of. */
export interface RefusedCost extends ToldCost {
  readonly outcome: 'refused'
}

/** What one operation cost, for histograms. Numbers are finite. */
export type MeasuredCost = AnsweredCost | RefusedCost

const channel = diagnosticsChannel.channel(QUERY_COST_CHANNEL)

/** Numbers that JSON can carry: an unbounded cost is told without one. */
export function printable(cost: number): number | undefined {
  return Number.isFinite(cost) ? cost : undefined
}

/** Tells what an operation cost: in its extensions, in the header of its response and on the channel. */
export function tellCost({ request, index, payload }: OperationAnswer): AnswerPayload | undefined {
  const priced = pricedAt(request, index)
  if (priced === undefined) return undefined
  rememberAnswer(request, index, payload['data'])
  const { estimate, maxCost, expose, reply } = priced
  const error = executionOf(request)?.error
  if (expose) {
    addExtensions(request, index, {
      cost: {
        requestedQueryCost: printable(estimate.cost),
        actualQueryCost: answeredCost(request, index)?.cost,
        maximumQueryCost: printable(maxCost),
        throttleStatus: throttleStatusOf(request),
      },
    })
  }
  if (!refused.has(priced)) tellAnswered(request, index, priced)
  const actual = reply === undefined ? undefined : actualOf(request)
  if (actual !== undefined) tellActual(reply, actual.cost)
  // Half of an answer would look whole.
  return error === undefined ? undefined : { ...payload, data: null, errors: [error] }
}

/** What was refused in the server's own hook is answered by the server all the same. */
const refused = new WeakSet<PricedOperation>()

const finite = (cost: number): number => Math.min(cost, Number.MAX_SAFE_INTEGER)

const toldOf = (request: FastifyRequest, { estimate, operation }: PricedOperation): ToldCost => ({
  estimated: finite(estimate.cost),
  kind: operation.kind,
  route: request.routeOptions.url,
  requestId: request.id,
})

function tellAnswered(request: FastifyRequest, index: number, priced: PricedOperation): void {
  if (!channel.hasSubscribers) return
  const told = toldOf(request, priced)
  const actual = finite(answeredCost(request, index)?.cost ?? 0)
  const measured: AnsweredCost = { ...told, outcome: 'answered', actual, delta: told.estimated - actual }
  channel.publish(measured)
}

/** Tells on the channel what operations would have cost that are refused together. */
export function tellRefused(request: FastifyRequest, operations: readonly PricedOperation[]): void {
  for (const priced of operations) {
    refused.add(priced)
    if (!channel.hasSubscribers) continue
    const measured: RefusedCost = { ...toldOf(request, priced), outcome: 'refused' }
    channel.publish(measured)
  }
}
