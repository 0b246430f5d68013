import { beginExecution } from '@portcullis/kernel'
import { wantsAnswers } from '../answers/answer-step.ts'
import type { Door } from '../doors/door.ts'
import { doorOf } from '../doors/door-of.ts'
import { readSocketMessage } from '../core/socket-message.ts'
import type { OperationId, SocketMessage } from '../core/socket-message.ts'
import { runAs } from '../fields/current-request.ts'
import type { Exchange } from '../fields/current-request.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { stopStreams } from '../subscriptions/open-streams.ts'
import { judgeOverSocket } from './judge-over-socket.ts'
import { keepOperations, requestOverSocket } from './operations-of.ts'
import type { SocketOperations } from './operations-of.ts'
import { refusalMessage, rewriteMessage } from './server-message.ts'
import { CLOSED, OPEN } from './socket.ts'
import type { Socket } from './socket.ts'

/** Messages that wait while one is judged, before the client is made to wait. */
const MOST_WAITING = 32

/** Node fires timers that are longer at once. */
const LONGEST_TIMER = 2_147_483_647

function textOf(data: unknown): string {
  if (Array.isArray(data)) return Buffer.concat(data as Buffer[]).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data as ArrayBuffer).toString()
}

/**
 * A WebSocket of a GraphQL route. It stands between the socket and whatever server listens to it: what a client asks
 * to run is bounded, parsed and judged before the server hears of it, one message after the other, and the server is
 * told exactly what was judged.
 */
export class GuardedSocket {
  readonly #socket: Socket
  readonly #exchange: Exchange
  readonly #door: Door | undefined
  readonly #operations: SocketOperations
  /** Operations whose answer is to carry extensions of gates. */
  readonly #untold = new Set<OperationId>()
  readonly #waiting: unknown[] = []
  readonly #emit: Socket['emit']
  readonly #maxLength: number
  readonly #maxOperations: number
  readonly #sendTimeout: number
  readonly #readsAll: boolean
  #busy = false
  #initialised = false

  constructor(socket: Socket, exchange: Exchange) {
    const { request } = exchange
    const { maxSocketOperations, socketSendTimeout } = gateOptionsFor(request)
    this.#socket = socket
    this.#exchange = exchange
    this.#door = doorOf(request)
    this.#operations = keepOperations(request)
    this.#maxLength = request.routeOptions.bodyLimit ?? Number.POSITIVE_INFINITY
    this.#maxOperations = maxSocketOperations
    this.#sendTimeout = Math.min(socketSendTimeout, LONGEST_TIMER)
    this.#readsAll = wantsAnswers(request.server)
    this.#emit = socket.emit.bind(socket)
  }

  /** Begins to stand between the socket and its server, which must not listen to it yet. */
  guard(): void {
    const socket = this.#socket
    const send = socket.send.bind(socket)
    socket.emit = (event, ...args: unknown[]) =>
      event === 'message' ? this.#receive(args[0]) : this.#emit(event, ...args)
    socket.send = (data, ...rest) => {
      const sent = this.#expectToBeRead(rest.at(-1))
      const options = typeof rest[0] === 'object' && rest[0] !== null ? [rest[0]] : []
      send(typeof data === 'string' ? this.#rewrite(data) : data, ...options, sent)
    }
    socket.once('close', () => this.#over())
  }

  #receive(data: unknown): true {
    if (this.#socket.readyState !== OPEN) return true
    this.#waiting.push(data)
    if (this.#waiting.length >= MOST_WAITING) this.#socket.pause()
    if (!this.#busy) void this.#work()
    return true
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      while (this.#waiting.length > 0) await this.#handle(textOf(this.#waiting.shift()))
    } catch (error) {
      this.#exchange.request.log.error({ err: error }, 'an operation over WebSocket could not be judged')
      this.#close(CLOSED.failed)
    }
    this.#busy = false
    this.#socket.resume()
  }

  async #handle(frame: string): Promise<void> {
    if (frame.length > this.#maxLength) return this.#close(CLOSED.tooBig)
    const message = readSocketMessage(frame)
    if (message === undefined) return this.#close(CLOSED.invalid)
    if (message.kind === 'start') return this.#start(message)
    if (message.kind === 'stop') {
      const operation = this.#operations.get(message.id)
      if (operation !== undefined && operation.stoppedBy !== message.type) return this.#close(CLOSED.invalid)
      // mercurius says when it has ended, and forgets one that is stopped before it has begun: that runs on, unless gates
      // hold its stream.
      if (this.#door?.engine !== 'mercurius') this.#end(message.id, 0)
      else if (operation !== undefined) stopStreams(operation.request)
    }
    if (message.kind === 'init') {
      if (this.#initialised) return this.#close(CLOSED.initTwice)
      this.#initialised = true
    }
    this.#forward(message.text)
  }

  async #start({ id, payload, stoppedBy, write }: Extract<SocketMessage, { kind: 'start' }>): Promise<void> {
    if (this.#operations.has(id)) return this.#close(CLOSED.idInUse)
    const operation = { ...requestOverSocket(this.#exchange.request), stoppedBy }
    const exchange = { ...this.#exchange, request: operation.request }
    const full = this.#operations.size >= this.#maxOperations
    this.#operations.set(id, operation)
    const refused = await judgeOverSocket(
      exchange,
      this.#door,
      payload,
      full ? this.#maxOperations : undefined,
    )
    if (this.#socket.readyState !== OPEN) return
    if (refused !== undefined) {
      this.#end(id, refused.statusCode ?? 400)
      this.#socket.send(refusalMessage(id, refused))
      return
    }
    beginExecution(operation.request)
    if (ledgerOf(operation.request).extensions.size > 0) this.#untold.add(id)
    runAs(exchange, () => this.#forward(write()))
  }

  #forward(text: string): void {
    this.#emit('message', Buffer.from(text), false)
  }

  /** Servers wait until a message is sent, and what they have to say meanwhile fills the memory. */
  #expectToBeRead(told: unknown): (error?: Error) => void {
    const timer = setTimeout(() => {
      this.#exchange.request.log.warn('a WebSocket was ended: its client does not read')
      this.#socket.terminate()
    }, this.#sendTimeout)
    timer.unref()
    return (error) => {
      clearTimeout(timer)
      if (typeof told === 'function') (told as (error?: Error) => void)(error)
    }
  }

  #rewrite(text: string): string {
    const told = rewriteMessage(text, this.#operations, this.#untold, this.#readsAll)
    if (told.ended !== undefined) this.#end(told.ended, 200)
    return told.text
  }

  /** @param statusCode 0 where the answer was not completed */
  #end(id: OperationId, statusCode: number): void {
    const operation = this.#operations.get(id)
    this.#operations.delete(id)
    this.#untold.delete(id)
    operation?.settle({ completed: statusCode !== 0, statusCode })
  }

  #close({ code, reason }: (typeof CLOSED)[keyof typeof CLOSED]): void {
    this.#waiting.length = 0
    this.#socket.close(code, reason)
  }

  #over(): void {
    this.#waiting.length = 0
    for (const id of this.#operations.keys()) this.#end(id, 0)
  }
}
