import { contractSuite } from '@portcullis/kernel/testing'
import type { GateContract } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import { inputValidation } from '../src/index.ts'

const invalid: GateContract['invalid'] = [
  { options: { maxDepth: 0 }, says: ['inputValidation.maxDepth', '0 (number)', '1 to 200'] },
  { options: { maxDepth: Number.NaN }, says: ['inputValidation.maxDepth', 'NaN'] },
  { options: { maxArrayLength: -1 }, says: ['inputValidation.maxArrayLength', 'at least 0'] },
  { options: { maxIssues: '5' }, says: ['inputValidation.maxIssues', "'5' (string)"] },
  { options: { allow: ['nulls'] }, says: ['inputValidation.allow', "'nul'"] },
  { options: { messages: { 'no code': 'x' } }, says: ['messages', 'no code', 'REQUIRED'] },
  { options: { messages: { REQUIRED: 5 } }, says: ['inputValidation.messages', '5 (number)'] },
  { options: { graphql: { 'Query.a.b': 5 } }, says: ['inputValidation.graphql', 'a JSON Schema'] },
  { options: { mode: 'observe' }, says: ['inputValidation.mode', "'enforce' or 'measure'"] },
]

describe('contract', () => {
  contractSuite(it, {
    name: 'inputValidation',
    plugin: inputValidation,
    options: { maxDepth: 5 },
    lenient: { mode: 'measure' },
    route(scope, { config, handler }) {
      scope.route({
        method: 'POST',
        url: '/guarded',
        schema: { body: { type: 'object', properties: { age: { type: 'integer' } } } },
        config: { ...config },
        handler: handler ?? (() => 'hello'),
      })
    },
    honest: { method: 'POST', url: '/guarded', payload: { age: 7 } },
    // Fastify alone makes 7 of it.
    hostile: [{ method: 'POST', url: '/guarded', payload: { age: '7' } }],
    refusal: { statusCode: 400, code: 'BAD_USER_INPUT' },
    event: 'input.rejected',
    invalid,
  })
})

describe('contract of a query', () => {
  contractSuite(it, {
    name: 'inputValidation',
    plugin: inputValidation,
    options: { maxIssues: 5 },
    lenient: { allow: ['duplicateKeys'] },
    route(scope, { config, handler }) {
      scope.route({
        method: 'GET',
        url: '/guarded',
        config: { ...config },
        handler: handler ?? (() => 'hello'),
      })
    },
    honest: { method: 'GET', url: '/guarded?id=1' },
    hostile: [{ method: 'GET', url: '/guarded?id=1&id=2' }],
    refusal: { statusCode: 400, code: 'BAD_USER_INPUT' },
    event: 'input.rejected',
    invalid: [],
  })
})
