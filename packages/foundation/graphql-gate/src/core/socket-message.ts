import { isObject } from './is-object.ts'

/** How a client names an operation of its socket. */
export type OperationId = string | number

/** A message of a client, by what it asks for. */
export type SocketMessage =
  | {
      readonly kind: 'start'
      readonly id: OperationId
      readonly payload: unknown
      /** The type of the message that stops it: the protocols differ. */
      readonly stoppedBy: string
      /** The message as a text, with the payload as it is then. */
      readonly write: () => string
    }
  | { readonly kind: 'stop'; readonly id: OperationId; readonly type: string; readonly text: string }
  | { readonly kind: 'init' | 'other'; readonly text: string }

/** What starts an operation, and what stops it: in `graphql-transport-ws`, and in its predecessor `graphql-ws`. */
const STARTS: ReadonlyMap<unknown, string> = new Map([
  ['subscribe', 'complete'],
  ['start', 'stop'],
])
const STOPS: ReadonlySet<unknown> = new Set(STARTS.values())
const OTHERS: ReadonlySet<unknown> = new Set(['ping', 'pong', 'connection_terminate'])

const LONGEST_ID = 256

function isId(id: unknown): id is OperationId {
  return typeof id === 'number' || (typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID)
}

/** Servers copy what they find there into the headers of the request, once for each operation. */
function isPayloadOfInit(payload: unknown): boolean {
  if (payload === undefined || payload === null) return true
  if (!isObject(payload)) return false
  const { headers } = payload
  return headers === undefined || headers === null || isObject(headers)
}

const MAY_POISON = /"(?:__proto__|constructor)":/

/** Refuses names that servers refuse as well, without saying which operation they have refused. */
function refusePoison(key: string, value: unknown): unknown {
  const poisons =
    key === '__proto__' || (key === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype'))
  if (poisons) throw new SyntaxError('a name that would change the prototype of an object')
  return value
}

/** What a frame says once it was written again: numbers such as `-0` and `1e400` do not survive that. */
function readAsWritten(frame: string): unknown {
  const text = JSON.stringify(JSON.parse(frame))
  return JSON.parse(text, MAY_POISON.test(text) ? refusePoison : undefined)
}

/**
 * Reads a message of a GraphQL client over WebSocket.
 *
 * @returns the message, with a text that says just what was read here, whatever else a parser could find in the frame;
 * `undefined` for what neither protocol knows
 */
export function readSocketMessage(frame: string): SocketMessage | undefined {
  try {
    const message: unknown = readAsWritten(frame)
    if (!isObject(message)) return undefined
    const { type, id, payload } = message
    const stoppedBy = STARTS.get(type)
    if (stoppedBy !== undefined || STOPS.has(type)) {
      if (!isId(id)) return undefined
      const write = (): string => JSON.stringify(message)
      return stoppedBy === undefined
        ? { kind: 'stop', id, type: String(type), text: write() }
        : { kind: 'start', id, payload, stoppedBy, write }
    }
    // Without the id, which is no part of these: a server's complaint would look like the end of an operation.
    const text = JSON.stringify({ type, payload })
    if (OTHERS.has(type)) return { kind: 'other', text }
    return type === 'connection_init' && isPayloadOfInit(payload) ? { kind: 'init', text } : undefined
  } catch {
    // No JSON, or nested beyond what can be written again.
    return undefined
  }
}
