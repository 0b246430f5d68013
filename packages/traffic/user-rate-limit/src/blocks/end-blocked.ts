import type { RunningSubscription } from '@portcullis/graphql-gate'
import { cutConnection, isUpgrade, onSettled, OpenWatches } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlockStore } from './block-store.ts'
import { blocked, blockRefusal } from './blocked.ts'
import type { Blocks } from './blocked.ts'

/**
 * Milliseconds that a socket is left after a block, so that its subscriptions can still tell why they end. With the time
 * until an instance knows of a block it is well below a second.
 */
const GRACE = 200
/** What GraphQL over WebSocket closes with for "Forbidden". */
const CLOSE_CODE = 4403

/** What is open, and ends with a block. */
interface OpenThings {
  readonly sockets: OpenWatches<FastifyRequest>
  readonly subscriptions: OpenWatches<RunningSubscription>
}

const known = new WeakMap<BlockStore, OpenThings>()

function isBlocked(limiter: Blocks, request: FastifyRequest): boolean | Promise<boolean> {
  if (blocked(limiter, request, 'address') !== undefined) return true
  const byPrincipal = blocked(limiter, request, 'principal')
  return byPrincipal instanceof Promise
    ? byPrincipal.then((refusal) => refusal !== undefined)
    : byPrincipal !== undefined
}

function isFieldBlocked({ blocks: { list }, blockNames }: Blocks, { field }: RunningSubscription): boolean {
  return list.has('operation') && list.holds(blockNames.operation(`Subscription.${field}`))
}

function openThingsOf(limiter: Blocks): OpenThings {
  const found = known.get(limiter.blocks)
  if (found !== undefined) return found
  const sockets = new OpenWatches<FastifyRequest>((request) => isBlocked(limiter, request), GRACE)
  const subscriptions = new OpenWatches<RunningSubscription>(
    (one) => isFieldBlocked(limiter, one) || isBlocked(limiter, one.request),
    0,
  )
  limiter.blocks.list.onAdded(() => {
    sockets.look()
    subscriptions.look()
  })
  const made = { sockets, subscriptions }
  known.set(limiter.blocks, made)
  return made
}

/** Closes a WebSocket, whatever is spoken over it, once a block holds off its address, its route or who opened it. */
export function closeWhenBlocked(limiter: Blocks, request: FastifyRequest, reply: FastifyReply): void {
  if (!isUpgrade(request)) return
  const { sockets } = openThingsOf(limiter)
  onSettled(
    request,
    sockets.watch(request, () => cutConnection(request, reply, CLOSE_CODE)),
  )
}

/**
 * Ends a subscription once a block holds off what it is or who has started it.
 *
 * @returns what forgets it
 */
export function endWhenBlocked(limiter: Blocks, subscription: RunningSubscription): () => void {
  const { subscriptions } = openThingsOf(limiter)
  return subscriptions.watch(subscription, () => void subscription.end(blockRefusal()))
}
