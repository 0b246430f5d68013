import createRouter from 'find-my-way'

type Router = ReturnType<typeof createRouter>

/** How a router reads paths. */
export type RouterOptions = NonNullable<Parameters<typeof createRouter>[0]>

/** A route as a router knows it. */
export interface TableRoute<Value> {
  /** One method. */
  readonly method: string
  /** The pattern, prefix included. */
  readonly url: string
  readonly constraints: Readonly<Record<string, unknown>> | undefined
  readonly value: Value
}

/** Where routes are found by what a request would be. */
export interface RouteTable<Value> {
  /** All methods that some route has. */
  readonly methods: readonly string[]
  /**
   * The values of all routes that a request of this method, path and host may reach. More than one where routes have
   * other constraints, such as a version, which a preflight does not tell.
   */
  find(method: string, path: string, host: string | undefined): readonly Value[]
}

/** What of a route's constraints cannot be known from a preflight. */
function unknowable(constraints: Readonly<Record<string, unknown>> | undefined): string {
  const { host: _host, ...rest } = constraints ?? {}
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** One list of routes for each set of constraints that a preflight does not tell, without any first. */
function layersOf<Value>(routes: readonly TableRoute<Value>[]): readonly (readonly TableRoute<Value>[])[] {
  const none = unknowable(undefined)
  const of = (constraint: string) =>
    routes.filter(({ constraints }) => unknowable(constraints) === constraint)
  const others = new Set(routes.map(({ constraints }) => unknowable(constraints)))
  others.delete(none)
  const plain = of(none)
  // Of two routes with one pattern, the constrained one is meant where its constraint holds.
  return [plain, ...[...others].map((constraint) => [...of(constraint), ...plain])]
}

function routerOf<Value>(routes: readonly TableRoute<Value>[], options: RouterOptions): Router {
  const router = createRouter(options)
  for (const { url, constraints, value } of routes) {
    const { host } = constraints ?? {}
    const hosts = host === undefined ? {} : { host }
    if (!router.hasRoute('GET', url, hosts))
      router.on('GET', url, { constraints: hosts }, () => undefined, value)
  }
  return router
}

/**
 * Builds a table with the router that Fastify has, so that a path leads to the same route.
 *
 * @param options how the app's own router reads paths
 */
export function createRouteTable<Value>(
  routes: readonly TableRoute<Value>[],
  options: RouterOptions,
): RouteTable<Value> {
  const methods = [...new Set(routes.map(({ method }) => method))]
  // A router of its own for each method, since Node knows fewer methods than apps may add.
  const routers = new Map(
    methods.map((method) => {
      const layers = layersOf(routes.filter((route) => route.method === method))
      return [method, layers.map((layer) => routerOf(layer, options))]
    }),
  )
  return {
    methods,
    find(method, path, host) {
      const found = new Set<Value>()
      for (const router of routers.get(method) ?? []) {
        const route = router.find('GET', path, { host })
        if (route !== null) found.add(route.store as Value)
      }
      return [...found]
    },
  }
}
