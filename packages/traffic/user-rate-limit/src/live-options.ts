import { isWithin, routeOption, routeRecordOf, routesOf } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { userRateLimitOptions } from './options.ts'
import type { ResolvedUserRateLimitOptions, UserRateLimitOptions } from './options.ts'

const NAME = 'userRateLimit'

/** What may be changed while the app runs. */
export type ReloadableOptions = Pick<UserRateLimitOptions, 'policies' | 'mode'>

/** The options of one registration, which may be replaced while it runs. */
export interface LiveOptions {
  /** The options that hold for a request; `false` where its route switches the gate off. */
  of(request: FastifyRequest): Readonly<ResolvedUserRateLimitOptions> | false
  /**
   * Puts others in place of the plugin's policies, and of its mode where one is given. Routes keep what they have of
   * their own, laid over the new ones. All of it is checked first: where anything is wrong, nothing changes.
   *
   * @param check refuses options that the scope cannot decide by
   * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, and what `check` throws
   */
  replace(
    options: ReloadableOptions,
    check: (scope: FastifyInstance, options: Readonly<ResolvedUserRateLimitOptions>) => void,
  ): void
}

export function liveOptions(
  app: FastifyInstance,
  initial: Readonly<ResolvedUserRateLimitOptions>,
): LiveOptions {
  let current: Readonly<ResolvedUserRateLimitOptions> | undefined
  let parsed = new WeakMap<object, Readonly<ResolvedUserRateLimitOptions>>()

  return {
    of(request) {
      if (current === undefined) return routeOption<ResolvedUserRateLimitOptions>(request, NAME)
      const own = routeRecordOf(request).config[NAME]
      if (own === false) return false
      if (typeof own !== 'object' || own === null) return current
      let options = parsed.get(own)
      if (options === undefined) {
        options = userRateLimitOptions.parseRoute(current, own)
        parsed.set(own, options)
      }
      return options
    },
    replace(options, check) {
      const bare = { ...(current ?? initial), policies: {} }
      const next = userRateLimitOptions.parseRoute(bare, options)
      check(app, next)
      for (const route of routesOf(app)) {
        const own = route.config[NAME]
        if (own === undefined || own === false || !isWithin(route.scope, app)) continue
        check(route.scope, userRateLimitOptions.parseRoute(next, own))
      }
      current = next
      parsed = new WeakMap()
    },
  }
}
