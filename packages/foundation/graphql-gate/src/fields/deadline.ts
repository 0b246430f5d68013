import { onSettled, recordRefusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GraphQLError, OperationTypeNode } from 'graphql'
import type { GraphQLOperation } from '../core/operation.ts'
import { doorOf } from '../doors/door-of.ts'
import { ExecutionTimeout } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { rejection } from '../stages/rejection.ts'
import { abortOf } from './abort.ts'
import { addFieldStep } from './field-step.ts'

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

  /** A field's value that is waited for until the time is over, also where it is a list of such values. */
  limit(value: unknown): unknown {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      return items.some(isPromise) ? items.map((item) => (isPromise(item) ? this.#race(item) : item)) : value
    }
    return isPromise(value) ? this.#race(value).then((settled) => this.limit(settled)) : value
  }

  #race(value: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = this.over()
      if (late !== undefined) return reject(late)
      this.#waiting.add(reject)
      value.then(resolve, reject).then(
        () => this.#waiting.delete(reject),
        () => this.#waiting.delete(reject),
      )
    })
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
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
    phase: 'access',
    plan:
      () =>
      ({ request }, next) => {
        const deadline = request === undefined ? undefined : ledgerOf(request).deadline
        if (deadline === undefined) return next()
        const late = deadline.over()
        if (late !== undefined) throw late
        return deadline.limit(next())
      },
  })
}
