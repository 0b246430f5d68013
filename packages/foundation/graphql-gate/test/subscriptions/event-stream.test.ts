import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { codedError, kernel, onSettled } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventStream, LastEvent } from '../../src/subscriptions/event-stream.ts'
import type { SubscriptionStep } from '../../src/index.ts'

const TooMuch = codedError('TOO_MUCH', 'Too much.', 429)

function refusal(mode: Refusal['mode'] = 'enforce'): Refusal {
  const error = new TooMuch()
  return {
    gate: 'test',
    error,
    mode,
    event: { type: 'rate_limit.exceeded', severity: 'WARNING', details: { code: error.code } },
  }
}

let request: FastifyRequest
const app = Fastify()
beforeAll(async () => {
  void app.register(kernel, { environment: 'test' })
  app.get('/', (given) => {
    request = given
    onSettled(given, () => undefined)
    return 'ok'
  })
  await app.inject('/')
})
afterAll(() => app.close())

/** A source that says when it is stopped, and yields what it is given. */
function sourceOf(events: readonly unknown[], isSilentThen = false) {
  let at = 0
  let stopped = 0
  const iterator: AsyncIterableIterator<unknown> = {
    next: async () => {
      await delay(0)
      if (at < events.length) return { done: false, value: events[at++] }
      return isSilentThen ? new Promise<never>(() => undefined) : { done: true, value: undefined }
    },
    return: async () => {
      stopped += 1
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return { iterator, stopped: () => stopped, taken: () => at }
}

async function read(stream: EventStream): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const event of stream) seen.push(event instanceof LastEvent ? event.error.code : event)
  return seen
}

const opened = async (steps: readonly SubscriptionStep[], source: unknown): Promise<EventStream> => {
  const stream = new EventStream(request, 'tick', steps)
  expect(await stream.open(() => source)).toBe(stream)
  return stream
}

describe('the events of a subscription', () => {
  it('are those of its source, to its end', async () => {
    let over = 0
    const source = sourceOf([1, 2, 3])
    const stream = await opened([{ name: 'a', started: () => () => void (over += 1) }], source.iterator)
    expect(await read(stream)).toEqual([1, 2, 3])
    expect(over).toBe(1)
    await stream.end(refusal())
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('end with the first that a gate refuses, which no gate after it sees', async () => {
    const seen: string[] = []
    const source = sourceOf([1, 2, 3, 4])
    let count = 0
    const stream = await opened(
      [
        { name: 'a', event: () => ((count += 1) === 2 ? refusal() : undefined) },
        { name: 'b', event: async () => void seen.push('b') },
      ],
      source.iterator,
    )
    expect(await read(stream)).toEqual([1, 'TOO_MUCH'])
    expect([seen, source.stopped(), source.taken()]).toEqual([['b'], 1, 2])
  })

  it('are delivered where a refusal is only measured', async () => {
    const stream = await opened([{ name: 'a', event: () => refusal('measure') }], sourceOf([1, 2]).iterator)
    expect(await read(stream)).toEqual([1, 2])
  })

  it('end while the source says nothing, and while a gate decides', async () => {
    const silent = sourceOf([1], true)
    const stream = await opened([], silent.iterator)
    const reading = read(stream)
    await delay(20)
    await Promise.all([stream.end(refusal()), stream.end(refusal())])
    expect([await reading, silent.stopped()]).toEqual([[1, 'TOO_MUCH'], 1])

    const slow = await opened(
      [{ name: 'slow', event: () => new Promise<never>(() => undefined) }],
      sourceOf([1]).iterator,
    )
    const waiting = read(slow)
    await delay(20)
    await slow.end(refusal())
    expect(await waiting).toEqual(['TOO_MUCH'])
  })

  it('end before the source has come, which is stopped when it comes', async () => {
    const late = sourceOf([1])
    let give: (source: unknown) => void = () => undefined
    const stream = new EventStream(request, 'tick', [])
    const opening = stream.open(() => new Promise((resolve) => (give = resolve)))
    await stream.end(refusal())
    expect(await opening).toBe(stream)
    expect(await read(stream)).toEqual(['TOO_MUCH'])
    give(late.iterator)
    await delay(5)
    expect(late.stopped()).toBe(1)
  })

  it('never ask a source that was stopped before to start', async () => {
    const stream = new EventStream(request, 'tick', [])
    stream.stop()
    let started = false
    expect(await stream.open(() => (started = true))).toBe(stream)
    expect([started, await read(stream)]).toEqual([false, []])
  })

  it('end where the consumer returns, though the source is a generator that waits', async () => {
    async function* waits(): AsyncGenerator<number> {
      await new Promise(() => undefined)
      yield 1
    }
    const stream = await opened([], waits())
    const waiting = stream.next()
    expect(await stream.return()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('fail as their source fails, as a gate fails, and as starting fails', async () => {
    async function* breaks(): AsyncGenerator<number> {
      yield 1
      throw new Error('source')
    }
    let over = 0
    const counting: SubscriptionStep = { name: 'c', started: () => () => void (over += 1) }
    await expect(read(await opened([counting], breaks()))).rejects.toThrow('source')
    const broken: SubscriptionStep = { name: 'b', event: () => Promise.reject(new Error('gate')) }
    const source = sourceOf([1, 2])
    await expect(read(await opened([counting, broken], source.iterator))).rejects.toThrow('gate')
    expect(source.stopped()).toBe(1)
    const stream = new EventStream(request, 'tick', [counting])
    await expect(stream.open(() => Promise.reject(new Error('start')))).rejects.toThrow('start')
    expect(over).toBe(3)
    const none = new EventStream(request, 'tick', [counting])
    expect(await none.open(() => ({ errors: [] }))).toEqual({ errors: [] })
    expect(over).toBe(4)
  })

  it('hold whatever comes in whatever order: no more than was let through, one error, one stop', async () => {
    const action = fc.constantFrom('read', 'end', 'measure', 'return', 'wait')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(6),
        fc.nat(8),
        fc.boolean(),
        fc.boolean(),
        fc.array(action, { maxLength: 12 }),
        async (quota, produced, isSilentThen, isSlow, actions) => {
          let charged = 0
          let over = 0
          const step: SubscriptionStep = {
            name: 'quota',
            started: () => () => void (over += 1),
            event: () => {
              const refused = charged >= quota ? refusal() : undefined
              if (refused === undefined) charged += 1
              return isSlow ? Promise.resolve(refused) : refused
            },
          }
          const source = sourceOf(
            Array.from({ length: produced }, (_, index) => index),
            isSilentThen,
          )
          const stream = await opened([step], source.iterator)
          const reads: Promise<IteratorResult<unknown, undefined>>[] = []
          for (const one of actions) {
            if (one === 'read') reads.push(stream.next())
            else if (one === 'wait') await delay(0)
            else if (one === 'return') await stream.return()
            else await stream.end(refusal(one === 'end' ? 'enforce' : 'measure'))
          }
          await stream.end(refusal())
          const told = await Promise.all(reads)
          const rest = await read(stream)
          const values = told.flatMap(({ done, value }) => (done === true ? [] : [value]))
          const events = values.filter((value) => !(value instanceof LastEvent))
          const ends = values.length - events.length + rest.length
          expect(events.length).toBeLessThanOrEqual(Math.min(charged, quota, produced))
          expect(ends).toBeLessThanOrEqual(1)
          expect(rest.every((one) => one === 'TOO_MUCH')).toBe(true)
          expect(over).toBe(1)
          expect(source.stopped()).toBe(1)
        },
      ),
      {
        seed: Number(process.env['PORTCULLIS_SEED'] ?? 20_261_201),
        numRuns: 2_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1),
      },
    )
  })
})
