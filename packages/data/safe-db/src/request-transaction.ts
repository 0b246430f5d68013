import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from './database.ts'
import { DatabaseError, TransactionOverError } from './errors.ts'
import { openTransaction } from './open-transaction.ts'
import type { OpenTransaction } from './open-transaction.ts'
import { queriesOf } from './queries.ts'
import { holdResponse } from './response-gate.ts'
import type { Destroyable } from './response-gate.ts'
import type { Caller } from './service.ts'
import { beginText } from './transaction.ts'
import { accessOf } from './who-asks.ts'

type RequestCaller = Caller & { readonly request: FastifyRequest }

const replies = new WeakMap<FastifyRequest, FastifyReply>()

/** Remembers the reply to a request, for an error that comes when it is about to be sent. */
export function rememberReply(request: FastifyRequest, reply: FastifyReply): void {
  replies.set(request, reply)
}

/** Answers with an error in the place of what was about to be sent. */
function answerInstead(reply: FastifyReply, error: unknown) {
  return (source: Destroyable | undefined): void => {
    // Fastify answers by itself when its stream fails before the first byte.
    if (source !== undefined) source.destroy(error instanceof Error ? error : undefined)
    else if (reply.sent) reply.raw.destroy()
    else void reply.code(500).send(error)
  }
}

/** Begins the transaction of a request with its first statement, and has it end before the first byte of the reply. */
async function open(caller: RequestCaller): Promise<OpenTransaction> {
  const { request } = caller
  const reply = replies.get(request)
  if (reply === undefined || reply.raw.headersSent || reply.raw.destroyed) {
    throw new TransactionOverError('the reply to its request has begun')
  }
  const access = accessOf(caller)
  const opening = openTransaction(caller, access, beginText(caller, access), 1)
  holdResponse(reply.raw, {
    async decide(statusCode) {
      try {
        const transaction = await opening
        const isGone = reply.raw.destroyed || reply.raw.socket?.destroyed === true
        if (statusCode >= 200 && statusCode < 300 && !isGone) await transaction.commit()
        else await transaction.rollBack()
        return undefined
      } catch (error) {
        // A reply that says itself that something failed is the better one.
        return statusCode >= 400 ? undefined : answerInstead(reply, error)
      }
    },
  })
  const transaction = await opening
  // The client is gone, or the connection is: nobody will send a first byte.
  transaction.interrupted.catch(() => transaction.rollBack())
  return transaction
}

/** `request.db` on a route with `transaction: true`. */
export function inRequestTransaction(caller: RequestCaller): Omit<Database, 'system'> {
  let opened: Promise<OpenTransaction> | undefined
  const current = (): Promise<OpenTransaction> => (opened ??= open(caller))
  return {
    ...queriesOf(
      async (statement, access) => {
        const [answer] = await (await current()).run([statement], access)
        if (answer === undefined) throw new DatabaseError()
        return answer
      },
      async function* (statement, size) {
        yield* (await current()).batches(statement, size)
      },
    ),
    async tx(work, options = {}) {
      if (Object.keys(options).length > 0) {
        throw new TransactionOverError(
          'it never began: inside the transaction of a request, it takes no options',
        )
      }
      return (await current()).transaction.tx(work)
    },
    async batch(statements) {
      return (await current()).transaction.batch(statements)
    },
  }
}
