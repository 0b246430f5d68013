import type { OperationBatch } from '@portcullis/graphql-gate'
import type { DecisionResult, Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { rootCallsOf } from '../core/root-fields.ts'
import { RequestBlocked } from '../errors.ts'
import type { Limiter } from '../limiter.ts'

/** What blocks are looked up with. */
export type Blocks = Pick<Limiter, 'blocks' | 'blockNames'>

/** What a blocked request or subscription is told: never why. */
export function blockRefusal(): Refusal {
  const error = new RequestBlocked()
  return {
    gate: 'userRateLimit',
    error,
    headers: { 'cache-control': 'no-store' },
    event: { type: 'rate_limit.exceeded', severity: 'WARNING', details: { code: error.code } },
  }
}

function isPlaceBlocked({ blocks: { list }, blockNames }: Blocks, request: FastifyRequest): boolean {
  if (list.has('address')) {
    const name = blockNames.address(request.ip ?? '')
    if (name !== undefined && list.holds(name)) return true
  }
  if (!list.has('operation')) return false
  const { url } = request.routeOptions
  const method = request.method === 'HEAD' ? 'GET' : request.method
  return url !== undefined && list.holds(blockNames.operation(`${method} ${url}`))
}

async function isPrincipalBlocked(
  { blocks: { list }, blockNames }: Blocks,
  request: FastifyRequest,
): Promise<boolean> {
  const { kind, id, tenantId } = await request.resolvePrincipal()
  if (tenantId !== undefined && list.holds(blockNames.tenant(tenantId))) return true
  if (id === null) return false
  if (list.holds(blockNames.principal({ kind, id }))) return true
  return tenantId !== undefined && list.holds(blockNames.principal({ kind, id, tenantId }))
}

/** Whether a block holds a request off: by its address or route, or by who sends it. Nothing is awaited without blocks. */
export function blocked(
  limiter: Blocks,
  request: FastifyRequest,
  by: 'address' | 'principal',
): DecisionResult | Promise<DecisionResult> {
  const { list } = limiter.blocks
  if (by === 'address') return isPlaceBlocked(limiter, request) ? blockRefusal() : undefined
  if (!list.has('principal') && !list.has('tenant')) return undefined
  return isPrincipalBlocked(limiter, request).then((is) => (is ? blockRefusal() : undefined))
}

/** Whether a block holds operations off: all of these, and by a root field. Over WebSocket nothing else asks. */
export async function blockedOperations(
  limiter: Blocks,
  { request, operations }: OperationBatch,
): Promise<DecisionResult> {
  const { list } = limiter.blocks
  const refused = blocked(limiter, request, 'address') ?? (await blocked(limiter, request, 'principal'))
  if (refused !== undefined || !list.has('operation')) return refused
  const types = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const
  const fields = new Set(
    operations
      .flatMap(rootCallsOf)
      .map(({ node, operation }) => `${types[operation.operation]}.${node.name.value}`),
  )
  return [...fields].some((field) => list.holds(limiter.blockNames.operation(field)))
    ? blockRefusal()
    : undefined
}

/** What is decided next, where no block refuses. */
export function afterBlocks(
  refused: DecisionResult | Promise<DecisionResult>,
  next: () => DecisionResult | Promise<DecisionResult>,
): DecisionResult | Promise<DecisionResult> {
  if (refused === undefined) return next()
  return refused instanceof Promise ? refused.then((one) => one ?? next()) : refused
}
