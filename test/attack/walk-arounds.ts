import { kernel } from '@portcullis/kernel'
import depthLimit from '@portcullis/depth-limit'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { codeOf } from '../doors/servers.ts'

/** What the attacks on a server run against. */
export const schema = `
  type Query { node: Node users(first: Int): [Node] }
  type Node { id: ID node: Node }
  type Mutation { touch: Boolean }
`

/** A query of that many levels and one. */
export const deep = (levels: number): string => `{ ${'node { '.repeat(levels)}id${' }'.repeat(levels)} }`

/** Resolvers of {@link schema} that count their calls. */
export function counted(): {
  readonly resolvers: Record<string, Record<string, () => unknown>>
  readonly calls: { touch: number; users: number; node: number }
} {
  const calls = { touch: 0, users: 0, node: 0 }
  const count = (name: keyof typeof calls, answer: unknown) => (): unknown => {
    calls[name] += 1
    return answer
  }
  const resolvers = {
    Query: { node: count('node', {}), users: count('users', []) },
    Node: { node: () => ({}), id: () => '1' },
    Mutation: { touch: count('touch', true) },
  }
  return { resolvers, calls }
}

/** The gates that every attack has to get past. */
export function register(app: FastifyInstance): void {
  const mutations = { quota: 1, window: '1m', partitionKey: 'address', when: 'mutation' } as const
  void app.register(kernel, { environment: 'development' })
  void app.register(depthLimit, { maxDepth: 3 })
  void app.register(queryCost, { maxCost: 100 })
  void app.register(userRateLimit, { policies: { mutations } })
}

/** Status and code of the answer to a request. */
export async function verdict(
  app: FastifyInstance,
  request: InjectOptions,
): Promise<readonly [number, string | undefined]> {
  const answer = await app.inject(request)
  const isJson = String(answer.headers['content-type']).includes('json')
  return [answer.statusCode, isJson ? codeOf(answer.body) : undefined]
}

/** A POST of JSON to the GraphQL route. */
export const post = (payload: unknown, headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url: '/graphql',
  headers: { 'content-type': 'application/json', ...headers },
  payload: JSON.stringify(payload),
})
