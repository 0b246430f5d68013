import { onSettled, recordRefusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { getNullableType, GraphQLError, isListType, OperationTypeNode } from 'graphql'
import type { GraphQLOutputType } from 'graphql'
import type { GraphQLOperation } from '../core/operation.ts'
import { doorOf } from '../doors/door-of.ts'
import { ExecutionTimeout } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { rejection } from '../stages/rejection.ts'
import { abortOf } from './abort.ts'
import { addFieldStep } from './field-step.ts'
import { isThenable } from './is-thenable.ts'

/** The moment at which the operations of a request must have ended. */
export class Deadline {
  readonly #request: FastifyRequest
  readonly #at: number
  /** Fields that wait for their resolver. */
  readonly #waiting = new Set<(error: GraphQLError) => void>()
  #error: GraphQLError | undefined

  constructor(request: FastifyRequest, milliseconds: number) {
    this.#request = request
    this.#at = performance.now() + milliseconds
    const timer = setTimeout(() => this.#pass(), milliseconds)
    onSettled(request, () => clearTimeout(timer))
  }

  #pass(): GraphQLError {
    if (this.#error !== undefined) return this.#error
    const refusal = rejection('graphqlGate', new ExecutionTimeout())
    const { message, code } = refusal.error
    this.#error = new GraphQLError(message, { extensions: { code } })
    void recordRefusal(this.#request, refusal)
    for (const stop of this.#waiting) stop(this.#error)
    this.#waiting.clear()
    abortOf(this.#request).abort(this.#error)
    return this.#error
  }

  /** The error with which fields end from now on, once the time is over: looked at, since a busy process runs no timers. */
  over(): GraphQLError | undefined {
    return this.#error ?? (performance.now() < this.#at ? undefined : this.#pass())
  }

  /** A field's value that is waited for until the time is over, its items too in as many lists as the schema says. */
  limit(value: unknown, lists: number): unknown {
    if (isThenable(value)) return this.#race(value).then((settled) => this.limit(settled, lists))
    if (lists === 0 || typeof value !== 'object' || value === null) return value
    if (Symbol.asyncIterator in value) return this.#steps(value as AsyncIterable<unknown>, lists - 1)
    if (!(Symbol.iterator in value)) return value
    // As an array: what can be read only once is read here.
    const items = Array.isArray(value) ? (value as unknown[]) : [...(value as Iterable<unknown>)]
    return lists > 1 || items.some(isThenable) ? items.map((item) => this.limit(item, lists - 1)) : items
  }

  async *#steps(source: AsyncIterable<unknown>, lists: number): AsyncGenerator {
    const iterator = source[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await this.#race(iterator.next())
        if (done === true) return
        yield this.limit(value, lists)
      }
    } finally {
      // Not waited for: a source that hangs does not hear of it.
      void Promise.resolve()
        .then(() => iterator.return?.())
        .catch(() => undefined)
    }
  }

  #race<Value>(value: PromiseLike<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const late = this.over()
      if (late !== undefined) return reject(late)
      this.#waiting.add(reject)
      const settled = (): boolean => this.#waiting.delete(reject)
      // What has a `then` need not return a promise from it.
      void Promise.resolve(value).then(resolve, reject).then(settled)
    })
  }
}

function listsAround(type: GraphQLOutputType): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + listsAround(nullable.ofType) : 0
}

/** Starts the clock of a request whose operations may run now. A subscription may go on for as long as it likes. */
export function startDeadline(request: FastifyRequest, operations: readonly GraphQLOperation[]): void {
  const { executionTimeout } = gateOptionsFor(request)
  const ledger = ledgerOf(request)
  if (executionTimeout === undefined || ledger.deadline !== undefined) return
  if (doorOf(request) === undefined) return
  if (!ledger.batch && operations.some(({ kind }) => kind === OperationTypeNode.SUBSCRIPTION)) return
  ledger.deadline = new Deadline(request, executionTimeout)
}

/** Ends every field of an operation that runs too long, so that its server has nothing left to wait for. */
export function endLateFields(app: FastifyInstance): void {
  addFieldStep(app, {
    name: 'executionTimeout',
    phase: 'time',
    plan({ field }) {
      const lists = listsAround(field.type)
      return ({ request }, next) => {
        const deadline = request === undefined ? undefined : ledgerOf(request).deadline
        if (deadline === undefined) return next()
        const late = deadline.over()
        if (late !== undefined) throw late
        return deadline.limit(next(), lists)
      }
    },
  })
}
