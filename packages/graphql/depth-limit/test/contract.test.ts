import { contractSuite } from '@portcullis/kernel/testing'
import { buildSchema } from 'graphql'
import { describe, it } from 'vitest'
import depthLimit from '../src/index.ts'

const schema = buildSchema('type Query { node: Node } type Node { id: ID node: Node }')

describe('contract', () => {
  contractSuite(it, {
    name: 'depthLimit',
    plugin: depthLimit,
    options: { maxDepth: 3 },
    lenient: { maxDepth: 30 },
    route(scope, { config, handler }) {
      scope.route({
        method: ['GET'],
        url: '/graphql',
        config: { ...config, graphql: { schema } },
        handler: handler ?? (async () => ({ data: null })),
      })
    },
    honest: { method: 'GET', url: '/graphql?query={node{id}}' },
    hostile: [{ method: 'GET', url: '/graphql?query={node{node{node{id}}}}' }],
    refusal: { statusCode: 400, code: 'MAX_DEPTH_EXCEEDED' },
    event: 'query.depth_exceeded',
    invalid: [
      { options: { maxDepth: 0 }, says: ['depthLimit.maxDepth', '0 (number)', 'at least 1'] },
      { options: { maxDepth: Number.NaN }, says: ['depthLimit.maxDepth', 'NaN'] },
      { options: { maxDepth: '5' }, says: ['depthLimit.maxDepth', "'5' (string)"] },
      { options: { maxAlias: 5 }, says: ['depthLimit.maxAlias', "'maxAliases'"] },
      { options: { mode: 'observe' }, says: ['depthLimit.mode', "'enforce' or 'measure'"] },
    ],
  })
})
