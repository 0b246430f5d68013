import type { storedQueries } from '../stored-queries.ts'

/** One answer of the shop, as it came over the socket. */
export interface Answer {
  readonly status: number
  /** The coded reason of a refusal, in GraphQL or REST; null where there is none. */
  readonly code: string | null
  readonly body: unknown
  readonly milliseconds: number
}

/** Who sends a request: a public address, which the reverse proxy would report, and a token once signed in. */
interface Visitor {
  readonly address: string
  readonly token?: string
}

/** What is sent. */
interface Message {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  /** Sent as JSON; a string is sent as it is, so that malformed bodies can be tried. */
  readonly body?: unknown
}

/** Sends requests to a listening shop over real sockets. */
export interface Client {
  send(visitor: Visitor, message: Message): Promise<Answer>
  /** Sends one GraphQL operation by POST. */
  graphql(visitor: Visitor, query: string, variables?: object): Promise<Answer>
  /** Asks by POST for a document that the shop has stored, by its id. */
  stored(visitor: Visitor, id: keyof typeof storedQueries, variables: object): Promise<Answer>
  /** Signs an account in, once for the whole tour. Throws where the shop refuses. */
  signIn(email: string): Promise<Visitor>
}

/** An answer that takes longer counts as none: the tour never hangs. */
const PATIENCE_MS = 20_000

/** Makes the tour's client for a shop that listens at `origin`. */
export function createClient(origin: string, password: string): Client {
  const sessions = new Map<string, Promise<Visitor>>()
  const client: Client = {
    async send({ address, token }, { method, path, body }) {
      const begin = performance.now()
      const response = await fetch(new URL(path, origin), {
        method,
        headers: {
          'x-forwarded-for': address,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const text = await response.text()
      const milliseconds = performance.now() - begin
      const parsed = parse(text)
      return { status: response.status, code: codeOf(parsed), body: parsed, milliseconds }
    },
    graphql: (visitor, query, variables = {}) =>
      client.send(visitor, { method: 'POST', path: '/graphql', body: { query, variables } }),
    stored: (visitor, id, variables) =>
      client.send(visitor, {
        method: 'POST',
        path: '/graphql',
        body: { query: id, persisted: true, variables },
      }),
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
