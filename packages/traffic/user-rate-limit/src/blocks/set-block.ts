import { routesOf, sawEveryRoute, toMilliseconds } from '@portcullis/kernel'
import type { Duration } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { InvalidBlock } from '../core/failures.ts'
import { isRootFieldName } from '../policies/selection.ts'
import type { Block } from './block-list.ts'
import type { BlockStore } from './block-store.ts'
import { isRouteName, nameSubject } from './subject.ts'
import type { BlockNames, BlockSubject } from './subject.ts'

/** How long a block holds, and why. */
export interface BlockTerms {
  /** From a second to 400 days: a block that nobody thinks of any more must end. */
  readonly for: Duration
  /** For whoever lists the blocks: 1 to 200 characters, and nothing personal, since it is stored as it is. */
  readonly reason: string
}

const SHORTEST = 1_000
const LONGEST = 400 * 86_400_000
const LONGEST_REASON = 200

interface Blocks {
  readonly blocks: BlockStore
  readonly blockNames: BlockNames
}

/** Sets a block. @throws InvalidBlock, StoreUnavailable */
export async function setBlock(limiter: Blocks, subject: BlockSubject, terms: BlockTerms): Promise<Block> {
  const { kind, name } = nameSubject(limiter.blockNames, subject)
  const lifetime = toMilliseconds(terms?.for ?? Number.NaN)
  if (!Number.isSafeInteger(lifetime) || lifetime < SHORTEST || lifetime > LONGEST)
    throw new InvalidBlock("for: whole milliseconds or a string like '15m', from 1 s to 400 days")
  const { reason } = terms
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > LONGEST_REASON)
    throw new InvalidBlock(`a reason of 1 to ${LONGEST_REASON} characters`)
  return limiter.blocks.add({ kind, name, reason }, lifetime)
}

/** Ends a block. @throws InvalidBlock, StoreUnavailable */
export async function endBlock(limiter: Blocks, subject: BlockSubject): Promise<boolean> {
  return limiter.blocks.remove(nameSubject(limiter.blockNames, subject).name)
}

/** Refuses a block of an operation that the app cannot see: it would hold nothing off. */
export function requireOperation(app: FastifyInstance, subject: BlockSubject): void {
  const operation = (subject as { readonly operation?: unknown } | undefined)?.operation
  if (isRootFieldName(operation) && !app.hasDecorator('graphqlGate'))
    throw new InvalidBlock('a root field only where @portcullis/graphql-gate is registered')
  if (typeof operation !== 'string' || !isRouteName(operation) || !sawEveryRoute(app)) return
  const [method = '', url] = operation.split(' ')
  const isKnown = routesOf(app).some((route) => route.url === url && route.method.split(',').includes(method))
  if (!isKnown) throw new InvalidBlock('a route that the app has, as METHOD /pattern')
}
