import { contractSuite } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import { piiMasking } from '../src/index.ts'

describe('contract', () => {
  contractSuite(it, {
    name: 'piiMasking',
    plugin: piiMasking,
    options: { policy: { US_SOCIAL_SECURITY_NUMBER: 'reject' } },
    lenient: { policy: { US_SOCIAL_SECURITY_NUMBER: 'partial' } },
    route(scope, { config, handler }) {
      scope.route({
        method: 'GET',
        url: '/guarded',
        config: { ...config },
        // What is refused is what a handler answers, so its plain 'ok' stands for the answer asked for.
        async handler(request, reply) {
          const answer: unknown = handler === undefined ? 'ok' : await handler.call(scope, request, reply)
          if (answer !== 'ok') return answer
          const { all } = request.query as { all?: string }
          return all === undefined ? { id: 1 } : { id: 1, ssn: '123-45-6789' }
        },
      })
    },
    honest: { method: 'GET', url: '/guarded' },
    hostile: [{ method: 'GET', url: '/guarded?all=1' }],
    refusal: { statusCode: 403, code: 'PII_FIELD_FORBIDDEN' },
    event: 'authz.denied',
    invalid: [
      {
        options: { policy: { US_SOCIAL_SECURITY_NUMBER: 'show' } },
        says: ['piiMasking.policy', "'show' (string)", 'partial'],
      },
      { options: { policy: { US_SOCIAL_SECURITY_NUMBR: 'raw' } }, says: ["'US_SOCIAL_SECURITY_NUMBER'"] },
      { options: { policy: { 'User.ssn': 'raw' } }, says: ["policy['User.ssn']", 'nothing is classified'] },
      { options: { classify: { email: 'EMAIL' } }, says: ['email', "'EMAIL'", 'EMAIL_ADDRESS'] },
      { options: { fallback: 'hash' }, says: ['hashKey', '32'] },
      { options: { fallback: 'tokenize' }, says: ['tokenize', 'hashKey', '32'] },
      { options: { fallback: 'hash', hashKey: 'short' }, says: ['hashKey', '5 characters'] },
      { options: { mode: 'measure' }, says: ['piiMasking.mode'] },
    ],
  })
})
