import Fastify from 'fastify'
import { buildSchema, getIntrospectionQuery } from 'graphql'
import { expect, it } from 'vitest'
import depthLimit from '../src/index.ts'

/** What got past depth limiters, or was refused though it is honest, as it was published; with the default limits. */
const schema = buildSchema(`
  interface Node { id: ID parent: Node children: [Node] }
  type Folder implements Node { id: ID parent: Node children: [Node] owner: User }
  type User { id: ID folder: Folder manager: User }
  type Query { node: Node me: User }
  type Subscription { changed: Node }
`)
const chain = (levels: number, field: string, leaf = 'id'): string =>
  `${`${field} { `.repeat(levels)}${leaf}${' }'.repeat(levels)}`

async function codeOf(query: string, operationName?: string): Promise<unknown> {
  const app = Fastify()
  void app.register(depthLimit)
  app.post('/graphql', { config: { graphql: { schema } } }, () => ({ data: {} }))
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query, operationName } })
  await app.close()
  return answer.json<{ errors?: { extensions: { code: string } }[] }>().errors?.[0]?.extensions.code
}

it.each([
  ['40 levels through fields of an interface', `{ node { ${chain(40, 'parent')} } }`],
  [
    '40 levels through an interface and a type that implements it, in turn',
    `{ node { ${'... on Folder { parent { ... on Node { parent { '.repeat(20)}id${' } } } }'.repeat(20)} } }`,
  ],
  ['a chain of 40 in a subscription', `subscription { changed { ${chain(40, 'parent')} } }`],
  [
    'a chain of 40 in a subscription, through fragments',
    `subscription { ...F0 } fragment F0 on Subscription { changed { ...F1 } } ${Array.from({ length: 40 }, (_, i) => `fragment F${i + 1} on Node { parent { ...F${i + 2} } }`).join(' ')} fragment F41 on Node { id }`,
  ],
  [
    'a fragment that is spread where it is shallow first',
    `{ ...F me { ${chain(9, 'manager', '...U')} } } fragment F on Query { me { ...U } } fragment U on User { manager { id } }`,
  ],
])('MAX_DEPTH_EXCEEDED: %s', async (_name, query) => {
  expect(await codeOf(query)).toBe('MAX_DEPTH_EXCEEDED')
})

it('a deep operation beside a shallow one, where it is the one that runs', async () => {
  const query = `query A { me { id } } query B { me { ${chain(40, 'manager')} } }`
  expect(await codeOf(query, 'B')).toBe('MAX_DEPTH_EXCEEDED')
  expect(await codeOf(query, 'A')).toBeUndefined()
})

it('40 levels of introspection', async () => {
  expect(await codeOf(`{ __schema { types { ${chain(40, 'ofType', 'name')} } } }`)).toBe(
    'MAX_INTROSPECTION_DEPTH_EXCEEDED',
  )
  const lists = `{ __schema { types { ${'fields { type { '.repeat(6)}name${' } }'.repeat(6)} } } }`
  expect(await codeOf(lists)).toBe('MAX_INTROSPECTION_LIST_DEPTH_EXCEEDED')
})

it.each([
  ['the standard introspection query', getIntrospectionQuery()],
  ['40 inline fragments around two levels', `{ ${'... { '.repeat(40)}me { id }${' }'.repeat(40)} }`],
  ['a deep branch that is skipped', `{ me { id manager @skip(if: true) { ${chain(40, 'manager')} } } }`],
  [
    'a flat bomb of 24 fragments',
    `{ me { ...F0 } } ${Array.from({ length: 24 }, (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F24 on User { id }`,
  ],
  ['a fragment that does not exist', '{ me { ...Missing } }'],
])('passes: %s', async (_name, query) => {
  expect(await codeOf(query)).toBeUndefined()
})
