import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as openRequest } from 'node:http'
import type { storedQueries } from '../stored-queries.ts'

/** One answer of the shop, as it came over the socket. */
export interface Answer {
  /** 0 where the shop could send none. */
  readonly status: number
  /** The coded reason of a refusal, in GraphQL or REST; null where there is none. */
  readonly code: string | null
  readonly body: unknown
  readonly milliseconds: number
  /** Under which the request is on record; null where it never reached the shop. */
  readonly requestId: string | null
}

/** Who sends a request: a public address, which the reverse proxy would report, and a token once signed in. */
export interface Visitor {
  readonly address: string
  readonly token?: string
}

/** What is sent. */
interface Message {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  /** Sent as JSON; a string is sent as it is, so that malformed bodies can be tried. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends requests to a listening shop over real sockets. */
export interface Client {
  send(visitor: Visitor, message: Message): Promise<Answer>
  /** Sends one GraphQL operation by POST. */
  graphql(visitor: Visitor, query: string, variables?: object): Promise<Answer>
  /** Asks by POST for a document that the shop has stored, by its id. */
  stored(visitor: Visitor, id: keyof typeof storedQueries, variables: object): Promise<Answer>
  /** Begins to send, and hangs up as soon as the shop has begun to listen. */
  hangUp(visitor: Visitor, path: string): Promise<Answer>
  /** Signs an account in, once for the whole tour. Throws where the shop refuses. */
  signIn(email: string): Promise<Visitor>
}

/** An answer that takes longer counts as none: the tour never hangs. */
const PATIENCE_MS = 20_000

/** Makes the tour's client for a shop that listens at `origin`. */
export function createClient(origin: string, password: string): Client {
  const sessions = new Map<string, Promise<Visitor>>()
  const client: Client = {
    async send({ address, token }, { method, path, body, headers }) {
      const begin = performance.now()
      const response = await fetch(new URL(path, origin), {
        method,
        headers: {
          'x-forwarded-for': address,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const text = await response.text()
      const milliseconds = performance.now() - begin
      const parsed = parse(text)
      const requestId = response.headers.get('x-request-id')
      return { status: response.status, code: codeOf(parsed), body: parsed, milliseconds, requestId }
    },
    graphql: (visitor, query, variables = {}) =>
      client.send(visitor, { method: 'POST', path: '/graphql', body: { query, variables } }),
    stored: (visitor, id, variables) =>
      client.send(visitor, {
        method: 'POST',
        path: '/graphql',
        body: { query: id, persisted: true, variables },
      }),
    async hangUp({ address }, path) {
      const begin = performance.now()
      // The proxy in front of the shop names the request: no answer will tell its id.
      const requestId = randomUUID()
      const request = openRequest(new URL(path, origin), {
        method: 'POST',
        headers: {
          'x-forwarded-for': address,
          'x-request-id': requestId,
          'content-type': 'application/json',
          'content-length': 1_000,
          expect: '100-continue',
        },
        timeout: PATIENCE_MS,
      })
      request.flushHeaders()
      await once(request, 'continue')
      // What it says of the connection that we close ourselves is no news.
      request.on('error', () => {})
      request.destroy()
      const milliseconds = performance.now() - begin
      return { status: 0, code: null, body: null, milliseconds, requestId }
    },
    signIn(email) {
      const address = `192.0.2.${sessions.size + 1}`
      const session = sessions.get(email) ?? openSession(client, email, password, address)
      sessions.set(email, session)
      return session
    },
  }
  return client
}

async function openSession(
  client: Client,
  email: string,
  password: string,
  address: string,
): Promise<Visitor> {
  const answer = await client.send(
    { address },
    { method: 'POST', path: '/auth/login', body: { email, password } },
  )
  const token = at(answer.body, 'token')
  if (typeof token !== 'string')
    throw new Error(`The shop refused an honest login with ${answer.status} ${answer.code ?? ''}`)
  return { address, token }
}

/** The value below a path of an unknown body; undefined where the path ends early. */
export function at(body: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined
    return Reflect.get(value, key)
  }, body)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A refused batch answers one error per entry, all of the same code. */
function codeOf(body: unknown): string | null {
  const first = Array.isArray(body) ? body[0] : body
  const code = at(first, 'errors', 0, 'extensions', 'code') ?? at(first, 'code')
  return typeof code === 'string' ? code : null
}
