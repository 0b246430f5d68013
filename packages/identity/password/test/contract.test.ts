import { codedError } from '@portcullis/kernel'
import { contractChecks } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import password from '../src/index.ts'

const PasswordRefused = codedError('PASSWORD_REFUSED', 'This password will not do.', 400)
const url = '/signup'
const cheap = { memory: 19456, passes: 2 }
const pepper = 'p3pp3r-of-the-tests-which-is-long-enough'

describe('contract', () => {
  // What refuses is the route, by what app.passwords says of its scope: there is no hook, no event, no route option.
  const checks = contractChecks({
    name: 'passwords',
    plugin: password,
    options: { policy: { minLength: 15 }, ...cheap },
    lenient: { policy: { minLength: 8 }, ...cheap },
    route(scope, { config, handler }) {
      scope.get(
        url,
        {
          config: { ...config },
          async preHandler(request) {
            if (!request.server.hasDecorator('passwords')) return
            const { password: chosen } = request.query as { password: string }
            const { ok } = await request.server.passwords.check(chosen)
            if (!ok) throw new PasswordRefused()
          },
        },
        handler ?? (async () => 'ok'),
      )
    },
    honest: { method: 'GET', url: `${url}?password=correct+horse+battery+staple` },
    hostile: [{ method: 'GET', url: `${url}?password=qzhorsev9` }],
    refusal: { statusCode: 400, code: 'PASSWORD_REFUSED' },
    event: 'auth.failure',
    invalid: [
      { options: { memory: 19456 }, says: ['memory and passes'] },
      { options: { passes: 2 }, says: ['memory and passes'] },
      { options: { memory: 1_048_576, passes: 2 }, says: ['memory × passes', '1048576'] },
      { options: { memory: 0, passes: 2 }, says: ['passwords.memory', '0 (number)'] },
      { options: { memory: Number.NaN, passes: 2 }, says: ['passwords.memory'] },
      { options: { targetTime: 'soon' }, says: ['passwords.targetTime'] },
      { options: { pepper: 'short' }, says: ['passwords.pepper', '32 bytes'] },
      { options: { pepper: 'a'.repeat(64) }, says: ['passwords.pepper', 'random'] },
      { options: { pepper, previousPeppers: [pepper] }, says: ['pepper and previousPeppers must differ'] },
      { options: { previousPeppers: ['short'] }, says: ['passwords.previousPeppers'] },
      { options: { maxConcurrency: 0 }, says: ['passwords.maxConcurrency'] },
      { options: { maxQueue: -1 }, says: ['passwords.maxQueue'] },
      { options: { policy: { minLength: 7 } }, says: ['passwords.policy.minLength', '8 to 64'] },
      { options: { policy: { maxBytes: 72 } }, says: ['passwords.policy.maxBytes', '256 to 4096'] },
      { options: { policy: { preset: 'nist' } }, says: ['passwords.policy.preset', "'guide'"] },
      { options: { policy: { contextWords: 'Acme' } }, says: ['passwords.policy.contextWords'] },
      { options: { policy: { breached: { source: async () => '' } } }, says: ['passwords.policy.breached'] },
      { options: { policy: { minLenght: 15 } }, says: ["'minLength'"] },
    ],
  })
  const NOT_OF_A_SERVICE =
    /security event|^config\.|of a route|route's options|^takes undefined|keeps guarding/
  for (const { name, run } of checks) if (!NOT_OF_A_SERVICE.test(name)) it(name, run)
})
