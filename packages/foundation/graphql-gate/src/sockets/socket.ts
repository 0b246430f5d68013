import type { EventEmitter } from 'node:events'

/** A WebSocket of the `ws` package, on the server's side, as far as it is used here. */
export interface Socket extends Pick<EventEmitter, 'emit' | 'once'> {
  readonly readyState: number
  send(data: unknown, ...rest: unknown[]): void
  close(code: number, reason: string): void
  terminate(): void
  pause(): void
  resume(): void
}

/** `readyState` of a socket that takes messages. */
export const OPEN = 1

/** Why a socket is closed: codes of `graphql-transport-ws`, and of WebSocket itself below 4000. */
export const CLOSED = {
  invalid: { code: 4400, reason: 'Invalid message received' },
  idInUse: { code: 4409, reason: 'An operation with this id is under way' },
  initTwice: { code: 4429, reason: 'Too many initialisation requests' },
  tooBig: { code: 1009, reason: 'Message too big' },
  failed: { code: 1011, reason: 'Internal error' },
} as const
