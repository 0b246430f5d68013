import type { InjectOptions } from 'fastify'
import { operation } from './acceptance.ts'

const json = { 'content-type': 'application/json' }
const search = (query: string): string => `query=${encodeURIComponent(query)}`

/** A costly query in shapes that a reader of requests may take for something else, often beside a cheap one. */
export function unusualRequests(cheap: string, dear: string): readonly InjectOptions[] {
  const two = `query A ${cheap} query B ${dear}`
  return [
    { method: 'HEAD', url: `/graphql?${search(dear)}` },
    { method: 'GET', url: `/graphql?${search(cheap)}&${search(dear)}` },
    { method: 'POST', url: `/graphql?${search(dear)}`, payload: { query: cheap } },
    { method: 'POST', url: `/graphql?${search(dear)}`, payload: {} },
    { method: 'POST', url: '/graphql?operationName=B', payload: { query: two, operationName: 'A' } },
    { method: 'POST', url: '/graphql', payload: { query: two, operationName: null } },
    { method: 'POST', url: '/graphql', payload: { query: two, operationName: '' } },
    { method: 'POST', url: '/graphql', payload: [[{ query: dear }]] },
    { method: 'POST', url: '/graphql', headers: { 'content-type': 'text/plain' }, payload: dear },
    {
      method: 'POST',
      url: '/graphql',
      headers: json,
      payload: `{"query":${JSON.stringify(cheap)},"query":${JSON.stringify(dear)}}`,
    },
    {
      method: 'POST',
      url: '/graphql',
      headers: json,
      payload: '{"query":"query ($n: Int) { users(first: $n) { id } }","variables":{"__proto__":{"n":5000}}}',
    },
    operation(`\uFEFF${dear}`),
    operation('{ users(first: 1) { id } ... { all: users(first: 5000) { id } } }'),
    operation('query ($skip: Boolean = false) { users(first: 5000) @skip(if: $skip) { id } }'),
    operation('query ($n: Int) { ...All } fragment All on Query { users(first: $n) { id } }', { n: 5_000 }),
  ]
}
