import type { FastifyInstance, FastifyPluginAsync, InjectOptions, RouteHandlerMethod } from 'fastify'

/** The route that the suite asks a gate's contract to declare. */
export interface ContractRoute {
  /** The route's `config`, to be merged with what marks the route for the gate. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The handler to use; without one, any that answers 200. */
  readonly handler?: RouteHandlerMethod
}

/** A request to the contract's route. */
export type ContractRequest = InjectOptions & { readonly url: string }

/** What the contract suite has to know of a gate. */
export interface GateContract {
  /** The gate's name: its decorator and its key in a route's `config`. */
  readonly name: string
  readonly plugin: FastifyPluginAsync<never>
  /** Options under which {@link hostile} is refused and {@link honest} passes. */
  readonly options: object
  /** Options under which {@link hostile} passes too. */
  readonly lenient: object
  /** Route options with which a route is as lenient, where routes take fewer options than the plugin. Default: `lenient`. */
  readonly lenientRoute?: object
  /** Declares the route that the gate guards, at one fixed path of the given scope. */
  readonly route: (scope: FastifyInstance, route: ContractRoute) => void
  /** A request that always passes. */
  readonly honest: ContractRequest
  /** Requests sent one after the other, the last of which is refused and the others pass. */
  readonly hostile: readonly ContractRequest[]
  readonly refusal: { readonly statusCode: number; readonly code: string }
  /** Wrong options, and what the message must say of each: the option, what it got or takes, the mend. */
  readonly invalid: readonly { readonly options: object; readonly says: readonly string[] }[]
  /** The security event that a refusal publishes. */
  readonly event: string
  /** How much the gate holds for requests under way (reservations, slots), where it holds anything. */
  readonly held?: (app: FastifyInstance) => number | Promise<number>
}

/** One thing that every gate must do. */
export interface ContractCheck {
  readonly name: string
  readonly run: () => Promise<void>
}
