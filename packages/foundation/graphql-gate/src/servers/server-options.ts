import { defineOptions, text } from '@portcullis/kernel'
import type { OptionSet } from '@portcullis/kernel'

/** Options of the plugins for GraphQL servers. */
export interface ServerGateOptions {
  /** The pattern of the server's route, prefix included. Default: Yoga's own `graphqlEndpoint`; `/graphql` for Apollo. */
  path?: string | undefined
}

/** {@link ServerGateOptions} as they are used. */
interface ResolvedServerGateOptions {
  readonly path: string | undefined
}

const path = { schema: text(), doc: "The pattern of the server's route, prefix included." }

/** The options of `yogaGate`. */
export const yogaGateOptions: OptionSet<ResolvedServerGateOptions> = defineOptions('yogaGate', { path })

/** The options of `apolloGate`. */
export const apolloGateOptions: OptionSet<ResolvedServerGateOptions> = defineOptions('apolloGate', { path })
