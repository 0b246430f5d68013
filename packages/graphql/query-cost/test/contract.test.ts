import { contractSuite } from '@portcullis/kernel/testing'
import { buildSchema } from 'graphql'
import { describe, it } from 'vitest'
import queryCost from '../src/index.ts'

const schema = buildSchema('type Query { users(first: Int): [User] } type User { id: ID }')

describe('contract', () => {
  contractSuite(it, {
    name: 'queryCost',
    plugin: queryCost,
    options: { maxCost: 50 },
    lenient: { maxCost: 5000 },
    route(scope, { config, handler }) {
      scope.route({
        method: ['GET'],
        url: '/graphql',
        config: { ...config, graphql: { schema } },
        handler: handler ?? (async () => ({ data: null })),
      })
    },
    honest: { method: 'GET', url: '/graphql?query={users(first:3){id}}' },
    hostile: [{ method: 'GET', url: '/graphql?query={users(first:300){id}}' }],
    refusal: { statusCode: 400, code: 'QUERY_TOO_EXPENSIVE' },
    event: 'query.cost_exceeded',
    invalid: [
      { options: { maxCost: -1 }, says: ['queryCost.maxCost', '-1 (number)', 'at least 0'] },
      { options: { maxCost: Number.NaN }, says: ['queryCost.maxCost', 'NaN'] },
      { options: { roles: { admin: { maxCots: 5 } } }, says: ['queryCost.roles.admin.maxCots', "'maxCost'"] },
      { options: { weights: { 'Query.user': 5 } }, says: ['Query.user', 'Query.users'] },
      {
        options: { weights: { 'Query.users': { cost: 1, multiplyer: 2 } } },
        says: ['Query.users', 'multiplier'],
      },
      { options: { weights: { 'User.id': Number.NaN } }, says: ['User.id'] },
      { options: { operationCost: { mutations: 5 } }, says: ['mutations', 'mutation'] },
    ],
  })
})
