import type { Duration, Mode } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Algorithm, OnStoreError } from '../core/policy.ts'

/** What a partition is made of. A function answers `null` or `undefined` where it knows nobody. */
export type PartitionPart =
  | 'address'
  | 'principal'
  | 'tenant'
  | 'account'
  | ((request: FastifyRequest) => string | null | undefined | Promise<string | null | undefined>)

/** What happens to a request whose partition nobody knows. */
export type AnonymousRule = 'address' | 'deny' | 'skip'

/** Kinds of GraphQL operations. */
export type OperationWord = 'query' | 'mutation' | 'subscription'

/** A field of a GraphQL root type, such as `Mutation.login`. The types' own names do not matter. */
export type RootFieldName = `${'Query' | 'Mutation' | 'Subscription'}.${string}`

/** Where a request names the account it is about: a member of its body, an argument of a GraphQL root field, or both. */
export interface AccountNames {
  /** A member of the body, such as `email` or `user.email`. */
  readonly body?: string | undefined
  /** Arguments of root fields, such as `Mutation.login.email` or `Mutation.login.input.email`. */
  readonly argument?: string | readonly string[] | undefined
}

/** What a plan has instead of a policy's own quota. */
export interface PlanQuota {
  readonly quota: number
  /** With `gcra`: the most units at once. Default: the quota. */
  readonly burst?: number | undefined
}

/** One policy: how much, for whom, of what. */
export interface PolicyOptions {
  /** Units admitted per window. */
  quota?: number | undefined
  /**
   * Quotas by plan, as the plugin's `plan` answers it; `false`: the policy does not hold for that plan. Other plans, and
   * those who have none, have the policy's own. What was used stays used when somebody changes plans.
   */
  plans?: Readonly<Record<string, PlanQuota | false>> | undefined
  /** Length of the window. */
  window?: Duration | undefined
  /** How it counts. Default: `sliding-window`, which never admits more than the quota in any window. */
  algorithm?: Algorithm | undefined
  /** With `gcra`: the most units at once. Default: the quota. */
  burst?: number | undefined
  /** Who shares a quota. Default: `principal`. */
  partitionKey?: PartitionPart | readonly PartitionPart[] | undefined
  /** With `account` in the partition key: where the account is named. A string is a member of the body. */
  account?: string | AccountNames | undefined
  /** Requests whose partition nobody knows: limited by address, refused (401) or not limited. Default: `address`. */
  anonymous?: AnonymousRule | undefined
  /** Units of one request, or `queryCost` for the price of its GraphQL operations. Default: 1. */
  cost?: number | 'queryCost' | ((request: FastifyRequest) => number | Promise<number>) | undefined
  /**
   * Units of each event that a GraphQL subscription delivers, besides what its start costs; `queryCost` is the price of
   * the operation. An event that is above the quota is not delivered, and ends the subscription. Default: 0.
   */
  eventCost?: PolicyOptions['cost']
  /** Units that stay charged when another gate refuses the request, at most its cost. Default: 0. */
  penalty?: number | undefined
  /**
   * Which requests it is for: a kind of GraphQL operation (each operation counts), a root field (each call counts, under
   * every alias), several of them, or a test. Default: all.
   */
  when?:
    | OperationWord
    | RootFieldName
    | readonly (OperationWord | RootFieldName)[]
    | ((request: FastifyRequest) => boolean | Promise<boolean>)
    | undefined
  /** Requests it leaves out. */
  skip?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
  /** The name of the unit in `RateLimit-Policy`. Default: requests. */
  unit?: string | undefined
  /** `measure` reports what would be refused. Default: the plugin's. */
  mode?: Mode | undefined
  /**
   * What the policy does while its store is away. Default: `local`, this instance's share of the quota; `closed` where
   * there is a `penalty`, since a limit that punishes protects something.
   */
  onStoreError?: OnStoreError | undefined
  /** Holds only on routes that name it. For policies of the plugin; a route's own hold there anyway. Default: false. */
  optIn?: boolean | undefined
  /**
   * Charges `size` calls at once and uses them in this process for at most `maxAge`, without a round trip each. Never
   * admits more; may refuse up to `size` calls of other processes earlier. Default: none.
   */
  lease?: { readonly size: number; readonly maxAge: Duration } | undefined
  /** The message of a refusal. Default: `Rate limit exceeded for user`. */
  message?: string | undefined
}
