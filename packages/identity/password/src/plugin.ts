import { createScopedValue, defineGate, onceRoutesKnown, unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { calibrate } from './calibrate.ts'
import { meetsFloor } from './core/cost.ts'
import type { Cost } from './core/cost.ts'
import { passwordOptions } from './options.ts'
import type { PasswordOptions, ResolvedPasswordOptions } from './options.ts'
import { createPasswords } from './passwords.ts'
import type { Passwords } from './passwords.ts'
import { createPeppers } from './peppers.ts'
import { createPolicy } from './policy.ts'
import { createWorkers } from './workers.ts'

const NAME = 'passwords'

const services = createScopedValue<Passwords>()

function decorate(app: FastifyInstance): void {
  if (app.hasDecorator(NAME)) return
  app.decorate(NAME, {
    getter(this: FastifyInstance): Passwords {
      return services.get(this) as Passwords
    },
  })
}

async function costOf(
  app: FastifyInstance,
  { memory, passes, targetTime }: ResolvedPasswordOptions,
): Promise<{ readonly cost: Cost; readonly fixed: boolean }> {
  if (memory !== undefined && passes !== undefined) {
    return { cost: { memory, passes, parallelism: 1 }, fixed: true }
  }
  const cost = await calibrate(targetTime)
  app.log.info(
    `passwords: measured for ${targetTime} ms: memory ${cost.memory} KiB, passes ${cost.passes}. Give both as options to have the same on every machine.`,
  )
  return { cost, fixed: false }
}

function warn(app: FastifyInstance, cost: Cost, { policy }: ResolvedPasswordOptions): void {
  if (!meetsFloor(cost)) {
    unsafeSetting(
      app,
      `passwords.memory and passwords.passes: got ${cost.memory} KiB and ${cost.passes}, which is too cheap to guess. Give at least 47104 and 1, 19456 and 2, or 12288 and 3; or neither, to have them measured.`,
    )
  }
  if (policy.composition) {
    app.log.warn(
      { code: 'PORTCULLIS_PASSWORD_COMPOSITION_RULES' },
      "passwords.policy.preset 'guide' asks for kinds of characters, which OWASP ASVS 5.0 (6.2.5) and NIST SP 800-63B-4 (3.1.1.2) forbid.",
    )
  }
}

async function register(app: FastifyInstance, options: Readonly<ResolvedPasswordOptions>): Promise<void> {
  const { cost, fixed } = await costOf(app, options)
  const passwords = createPasswords({
    cost,
    fixed,
    maxBytes: options.policy.maxBytes,
    peppers: createPeppers(options.pepper, options.previousPeppers),
    workers: createWorkers(options.maxConcurrency, options.maxQueue),
    policy: createPolicy(options.policy, app.log),
    log: app.log,
  })
  services.set(app, passwords)
  decorate(app)
  onceRoutesKnown(app, () => warn(app, cost, options))
}

/**
 * Passwords for an app: Argon2id off the event loop and within bounds, bcrypt hashes verified and replaced on login, the same work
 * for accounts that are not there, and a policy by length, lists and breaches that gives reasons.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION
 */
export const password: FastifyPluginAsync<PasswordOptions> = defineGate<
  PasswordOptions,
  ResolvedPasswordOptions
>({
  name: NAME,
  package: '@portcullis/password',
  options: passwordOptions,
  register,
})
