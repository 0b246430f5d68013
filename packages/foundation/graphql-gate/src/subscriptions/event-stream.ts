import { recordRefusal } from '@portcullis/kernel'
import type { ClientError, Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { RunningSubscription, SubscriptionStep } from './subscription-step.ts'

/** Stands in a stream for the event that ends it: its field throws the error. */
export class LastEvent {
  readonly error: ClientError

  constructor(error: ClientError) {
    this.error = error
  }
}

type Source = AsyncIterator<unknown, unknown>
type Result = IteratorResult<unknown, undefined>

const DONE: Result = { done: true, value: undefined }

function isSource(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/**
 * The events of one subscription as its engine gets them: those of its source that no gate refuses. It can be ended
 * while its source is silent, which a generator can not: one that waits for an event returns only after it.
 */
export class EventStream implements RunningSubscription, AsyncIterableIterator<unknown, undefined> {
  readonly request: FastifyRequest
  readonly field: string
  readonly #steps: readonly SubscriptionStep[]
  readonly #stopped: (() => void)[] = []
  /** What wakes those who wait for the source. They are kept apart from promises that live as long as the stream. */
  readonly #waiting = new Set<() => void>()
  #source: Source | undefined
  #last: LastEvent | undefined
  #state: 'open' | 'ending' | 'over' = 'open'

  constructor(request: FastifyRequest, field: string, steps: readonly SubscriptionStep[]) {
    this.request = request
    this.field = field
    this.#steps = steps
    for (const step of steps) {
      const stopped = step.started?.(this)
      if (stopped === undefined) continue
      if (this.#state === 'open') this.#stopped.push(stopped)
      else stopped()
    }
  }

  /**
   * Asks the source to start.
   *
   * @returns this stream once it has, or has been ended before; what is no stream as it is
   */
  open(start: () => unknown): Promise<unknown> {
    if (this.#state !== 'open') return Promise.resolve(this)
    return this.#unlessEnded<unknown>(this.#take(start), {
      ended: () => this,
      isLast: (started) => started !== this,
    })
  }

  async end(refusal: Refusal): Promise<void> {
    if (this.#state !== 'open') return
    if (refusal.mode !== 'measure') this.#finish('ending', new LastEvent(refusal.error))
    await recordRefusal(this.request, refusal)
  }

  /** Ends it without another word: its client has gone, or its engine has. */
  stop(): void {
    this.#finish('over', undefined)
  }

  next(): Promise<Result> {
    if (this.#state !== 'open') return Promise.resolve(this.#rest())
    return this.#unlessEnded(this.#judged(), {
      ended: () => this.#rest(),
      isLast: ({ done }) => done === true,
    })
  }

  return(): Promise<Result> {
    this.stop()
    return Promise.resolve(DONE)
  }

  throw(error: unknown): Promise<Result> {
    this.stop()
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #take(start: () => unknown): Promise<unknown> {
    const source = await start()
    if (!isSource(source)) return source
    this.#source = source[Symbol.asyncIterator]()
    if (this.#state !== 'open') this.#stopSource()
    return this
  }

  /** The next event that is delivered. */
  async #judged(): Promise<Result> {
    const result = await this.#source?.next()
    if (result === undefined || result.done === true) return DONE
    for (const step of this.#steps) {
      // What ended it meanwhile is told to those who wait.
      if (this.#state !== 'open') return DONE
      const refusal = await step.event?.(this)
      if (refusal !== undefined) await this.end(refusal)
    }
    return { done: false, value: result.value }
  }

  /** What is left to say of a stream that has been ended: its error, once. */
  #rest(): Result {
    const last = this.#last
    this.#last = undefined
    this.#state = 'over'
    return last === undefined ? DONE : { done: false, value: last }
  }

  /**
   * What some work comes to, or what holds once the stream has been ended meanwhile.
   *
   * @param isLast whether nothing comes after it, as nothing does after a failure
   */
  #unlessEnded<Value>(
    work: Promise<Value>,
    { ended, isLast }: { readonly ended: () => Value; readonly isLast: (value: Value) => boolean },
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      const wake = (): void => resolve(ended())
      this.#waiting.add(wake)
      void work
        .then(
          (value) => {
            resolve(value)
            if (isLast(value)) this.stop()
          },
          (error: unknown) => {
            reject(error)
            this.stop()
          },
        )
        .finally(() => this.#waiting.delete(wake))
    })
  }

  #finish(state: 'ending' | 'over', last: LastEvent | undefined): void {
    if (this.#state === 'over') return
    const isFirst = this.#state === 'open'
    this.#state = state
    this.#last = last
    if (!isFirst) return
    for (const stopped of this.#stopped) stopped()
    this.#stopSource()
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Nobody waits for it: a generator that waits for its next event would not answer before that. */
  #stopSource(): void {
    const failed = (error: unknown): void =>
      this.request.log.error({ err: error }, 'the source of a subscription could not be stopped')
    try {
      void Promise.resolve(this.#source?.return?.()).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
