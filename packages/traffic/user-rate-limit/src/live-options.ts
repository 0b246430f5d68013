import {
  InvalidOptionsError,
  isWithin,
  nearestName,
  routeOption,
  routeRecordOf,
  routesOf,
} from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { userRateLimitOptions } from './options.ts'
import type { ResolvedUserRateLimitOptions, UserRateLimitOptions } from './options.ts'

const NAME = 'userRateLimit'

/** What may be changed while the app runs. What is left out stays as it is. */
export type ReloadableOptions = Pick<UserRateLimitOptions, 'policies' | 'mode'>

const RELOADABLE: readonly string[] = ['policies', 'mode'] satisfies (keyof ReloadableOptions)[]

type Options = Readonly<ResolvedUserRateLimitOptions>

/** The options of one registration, which may be replaced while it runs. */
export interface LiveOptions {
  /** The options that hold for a request; `false` where its route switches the gate off. */
  of(request: FastifyRequest): Options | false
  /** The plugin's options, and those of each route that has its own. */
  all(): readonly Options[]
  /**
   * Puts others in place of the plugin's policies and mode, where they are given. Routes keep what they have of
   * their own, laid over the new ones. All of it is checked first: where anything is wrong, nothing changes.
   *
   * @param check refuses options that the scope cannot decide by
   * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, and what `check` throws
   */
  replace(options: ReloadableOptions, check: (scope: FastifyInstance, options: Options) => void): void
}

/** Policies and mode as the plugin takes them, in place of those that hold. */
function reloaded(current: Options, given: ReloadableOptions): Options {
  const unknown = Object.keys(given ?? {}).find((name) => !RELOADABLE.includes(name))
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, RELOADABLE)
    const mend = nearest === undefined ? '' : ` Did you mean '${nearest}'?`
    throw new InvalidOptionsError(
      `userRateLimit.${unknown} cannot be reloaded.${mend} It takes: ${RELOADABLE.join(', ')}.`,
    )
  }
  const { plan } = current
  const { policies, mode } = userRateLimitOptions.parse({ mode: current.mode, ...given, plan })
  return Object.freeze({
    ...current,
    policies: given.policies === undefined ? current.policies : policies,
    mode,
  })
}

/**
 * @param governs whether this registration is the one that holds in a scope: one further in may have its own
 */
export function liveOptions(
  app: FastifyInstance,
  initial: Options,
  governs: (scope: FastifyInstance) => boolean,
): LiveOptions {
  let current: Options | undefined
  let parsed = new WeakMap<object, Options>()

  const ofRoute = (plugin: Options, own: object): Options => {
    let options = parsed.get(own)
    if (options === undefined) {
      options = userRateLimitOptions.parseRoute(plugin, own)
      parsed.set(own, options)
    }
    return options
  }
  /** Routes of this registration that have options of their own. */
  const ownOnes = (): { readonly scope: FastifyInstance; readonly own: object }[] =>
    routesOf(app).flatMap(({ scope, config }) => {
      const own = config[NAME]
      const isOwn = typeof own === 'object' && own !== null && isWithin(scope, app) && governs(scope)
      return isOwn ? [{ scope, own }] : []
    })

  return {
    of(request) {
      if (current === undefined) return routeOption<ResolvedUserRateLimitOptions>(request, NAME)
      const own = routeRecordOf(request).config[NAME]
      if (own === false) return false
      return typeof own === 'object' && own !== null ? ofRoute(current, own) : current
    },
    all() {
      const plugin = current ?? initial
      return [plugin, ...ownOnes().map(({ own }) => ofRoute(plugin, own))]
    },
    replace(options, check) {
      const next = reloaded(current ?? initial, options)
      check(app, next)
      for (const { scope, own } of ownOnes()) check(scope, userRateLimitOptions.parseRoute(next, own))
      current = next
      parsed = new WeakMap()
    },
  }
}
