import diagnosticsChannel from 'node:diagnostics_channel'
import type { AnswerPayload, OperationAnswer } from '@portcullis/graphql-gate'
import { addExtensions } from '@portcullis/graphql-gate'
import type { FastifyRequest } from 'fastify'
import { actualOf, answeredCost, pricedAt, rememberAnswer } from './answered-operations.ts'
import { tellActual } from './cost-headers.ts'
import { executionOf } from './execution.ts'
import { throttleStatusOf } from './throttle-status.ts'

/** The channel of `node:diagnostics_channel` on which every answered operation tells its {@link MeasuredCost}. */
export const QUERY_COST_CHANNEL = 'portcullis.query-cost'

/** What one operation cost, for histograms. Numbers are finite. */
export interface MeasuredCost {
  /** The price before it ran. */
  readonly estimated: number
  /** Counted from its answer. */
  readonly actual: number
  /** `estimated - actual`. */
  readonly delta: number
  /** `query`, `mutation` or `subscription`. */
  readonly kind: string
  /** The route's pattern. */
  readonly route: string | undefined
  readonly requestId: string
}

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
  const { estimate, operation, maxCost, expose, reply } = priced
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
  if (channel.hasSubscribers) publish(request, index, estimate.cost, operation.kind)
  const actual = reply === undefined ? undefined : actualOf(request)
  if (actual !== undefined) tellActual(reply, actual.cost)
  // Half of an answer would look whole.
  return error === undefined ? undefined : { ...payload, data: null, errors: [error] }
}

function publish(request: FastifyRequest, index: number, estimated: number, kind: string): void {
  const actual = answeredCost(request, index)?.cost ?? 0
  if (!Number.isFinite(estimated) || !Number.isFinite(actual)) return
  const route = request.routeOptions.url
  const measured: MeasuredCost = {
    estimated,
    actual,
    delta: estimated - actual,
    kind,
    route,
    requestId: request.id,
  }
  channel.publish(measured)
}
