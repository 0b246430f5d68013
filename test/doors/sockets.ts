import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'

/** A message of a GraphQL server over WebSocket. */
export interface Message {
  readonly type: string
  readonly id?: string | number
  readonly payload?: unknown
}

/** A client of the harness: speaks `graphql-transport-ws` by hand, so that it can also speak it badly. */
export interface SocketClient {
  readonly socket: WebSocket
  /** Everything that was received so far. */
  readonly received: Message[]
  send(message: unknown): void
  /** Waits for the first message, of those received too, that `wanted` accepts; rejects when the socket closes before. */
  until(wanted: (message: Message) => boolean): Promise<Message>
  /** Runs one operation: what answered it first (`next` or `error`). */
  run(operation: unknown, id?: string): Promise<Message>
  /** The code with which the socket was closed. */
  readonly closed: Promise<number>
  close(): Promise<void>
}

/** Listens on a free port of the loopback. @returns the URL of the GraphQL socket */
export async function listen(app: FastifyInstance, path = '/graphql'): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  return `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`
}

/** Opens a socket. */
export async function open(
  url: string,
  protocol = 'graphql-transport-ws',
  headers: Record<string, string> = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url, protocol, { headers })
  const received: Message[] = []
  const waiting = new Set<() => void>()
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      resolve(code)
      for (const look of waiting) look()
    })
  })
  socket.on('message', (data: Buffer) => {
    received.push(JSON.parse(data.toString()) as Message)
    for (const look of waiting) look()
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const until: SocketClient['until'] = (wanted) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = received.find(wanted)
        if (found === undefined && socket.readyState !== WebSocket.CLOSED) return
        waiting.delete(look)
        if (found === undefined) reject(new Error('the socket was closed'))
        else resolve(found)
      }
      waiting.add(look)
      look()
    })
  let operations = 0
  const send = (message: unknown): void =>
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  return {
    socket,
    received,
    send,
    until,
    closed,
    run(payload, id = `operation-${++operations}`) {
      send({ id, type: protocol === 'graphql-ws' ? 'start' : 'subscribe', payload })
      return until((message) => message.id === id && message.type !== 'complete')
    },
    async close() {
      socket.close()
      await closed
    },
  }
}

/** Opens a socket and greets the server. */
export async function connect(
  url: string,
  protocol?: string,
  payload?: unknown,
  headers?: Record<string, string>,
): Promise<SocketClient> {
  const client = await open(url, protocol, headers)
  client.send({ type: 'connection_init', ...(payload === undefined ? {} : { payload }) })
  await client.until(({ type }) => type === 'connection_ack')
  return client
}

interface Answer {
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
  readonly extensions?: unknown
}

/** The code of the first error in a message, whatever its type. */
export function codeIn({ payload }: Message): string | undefined {
  const errors = Array.isArray(payload) ? (payload as Answer['errors']) : (payload as Answer | null)?.errors
  return errors?.map(({ extensions }) => extensions?.code).find((code) => code !== undefined)
}
