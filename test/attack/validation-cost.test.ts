import depthLimit from '@portcullis/depth-limit'
import { describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from '../doors/servers.ts'

const schema = 'type Query { me: User } type User { id: ID me: User }'
const lenient = {
  maxDepth: 100,
  maxTokens: 10_000,
  maxFragments: 1000,
  maxSelections: 100_000,
  maxRootFields: 10_000,
}

// Validation compares fields of one response name with each other: seconds for 15 KB on some releases of graphql.
const hostile = {
  'one leaf, 3,000 times': `{ me { ${'id '.repeat(3000)} } }`,
  'one field, 1,500 times': `{ ${'me { id } '.repeat(1500)} }`,
  'a hundred fields of ten': `{ ${`me { ${'id '.repeat(10)} } `.repeat(100)} }`,
  'in inline fragments': `{ ${'... { me { id } } '.repeat(1000)} }`,
  'two hundred fragments in one place': `{ ${Array.from({ length: 200 }, (_, i) => `...F${i}`).join(' ')} } ${Array.from({ length: 200 }, (_, i) => `fragment F${i} on Query { f${i}: me { id } }`).join(' ')}`,
  'in a fragment that nothing spreads': `{ me { id } } fragment F on User { ${'id '.repeat(3000)} }`,
}

describe.each(SERVERS)('$name', (server) => {
  it.each(Object.entries(hostile))('refuses %s before it is validated', async (_name, query) => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit, lenient) })
    const refused = await app.inject(requestThrough('post', { query }))
    expect([refused.statusCode, codeOf(refused.body)]).toEqual([400, 'MAX_FIELD_MERGES_EXCEEDED'])
    await app.close()
  })

  it('lets a page pass that repeats what its parts need', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit, lenient) })
    const query = `{ me { ${'id me { id } '.repeat(60)} } }`
    const answer = await app.inject(requestThrough('post', { query }))
    expect(answer.statusCode, answer.body).toBe(200)
    await app.close()
  })
})
