import type { FastifyInstance } from 'fastify'
import { UnsafeInProductionError } from './errors.ts'
import { stateOf } from './state.ts'

/** Where the app runs. */
export type Environment = 'production' | 'development' | 'test'

/**
 * Where the app runs: production, unless the `environment` option or `NODE_ENV` says development or test. Every
 * package asks this one function. Ask it when routes are known or later, since the option may be registered late.
 */
export function environmentOf(app: FastifyInstance): Environment {
  const { environment } = stateOf(app)
  if (environment !== undefined) return environment
  const declared = process.env['NODE_ENV']
  return declared === 'development' || declared === 'test' ? declared : 'production'
}

/** How many instances of the app share the load (the kernel's `instances` option, default 1). */
export function instancesOf(app: FastifyInstance): number {
  return stateOf(app).instances ?? 1
}

/** The time by the app's clock (the kernel's `now` option), in milliseconds since the epoch. */
export function nowOf(app: FastifyInstance): number {
  return stateOf(app).now()
}

/**
 * For a setting with which a gate would not hold: refuses to boot in production, warns elsewhere.
 *
 * @throws PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION in production
 */
export function unsafeSetting(app: FastifyInstance, message: string): void {
  if (environmentOf(app) === 'production') {
    throw new UnsafeInProductionError(
      `${message} This refuses to start in production. Is this no production? Set NODE_ENV=development, or register the kernel with { environment: 'development' }.`,
    )
  }
  app.log.warn(
    { code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION' },
    `${message} In production this refuses to start.`,
  )
  const details = { code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION', message }
  void stateOf(app).events.publish({
    type: 'config.unsafe',
    severity: 'WARNING',
    outcome: 'allowed',
    details,
  })
}
