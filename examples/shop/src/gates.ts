import { auditLogger, type AuditLoggerOptions } from '@portcullis/audit-logger'
import { depthLimit } from '@portcullis/depth-limit'
import { graphqlGate } from '@portcullis/graphql-gate'
import { kernel, type Environment } from '@portcullis/kernel'
import { piiMasking, type LogDestination } from '@portcullis/pii-masking'
import { queryCost } from '@portcullis/query-cost'
import { safeDb } from '@portcullis/safe-db'
import { userRateLimit } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { PUBLIC_TENANT, viewerOf } from './authentication.ts'
import { isLoopback } from './database/roles.ts'
import { graphqlLoginLimit } from './logins.ts'
import { classify, disclosure } from './personal-data.ts'

/** The gates that can be left out, to see what they are for. */
export const GATES = [
  'depth-limit',
  'query-cost',
  'user-rate-limit',
  'safe-db',
  'pii-masking',
  'audit-logger',
] as const

/** Name of a gate, as `--without` takes it. */
export type Gate = (typeof GATES)[number]

/** What the gates need to know of the shop. */
export interface GateOptions {
  /** Where the shop runs. Default: production, unless `NODE_ENV` is `development` or `test`. */
  readonly environment?: Environment | undefined
  /** Gates to leave out. */
  readonly without: ReadonlySet<Gate>
  /** Connection string of the role that serves requests. */
  readonly dsn: string
  /** Redis for shared counters; memory where it is null. */
  readonly redisUrl: string | null
  /** Under which Redis keeps addresses and accounts unreadable: at least 32 bytes, the same in all instances. */
  readonly keySecret: string
  /** Begins every Redis key, so that two shops on one Redis do not count together. */
  readonly keyPrefix: string
  /** Where the audit trail lies, what signs it, and under which secret it keeps people unreadable. */
  readonly trail: Pick<AuditLoggerOptions, 'directory' | 'signingKey' | 'subjectSecret'>
}

/**
 * The gates of the shop, one by one. Those of single REST routes are in the routes' own `config`.
 *
 * @param log the stream that the app logs to, which masks where pii-masking is there
 */
export async function registerGates(
  app: FastifyInstance,
  options: GateOptions,
  log: LogDestination,
): Promise<void> {
  const has = (gate: Gate): boolean => !options.without.has(gate)

  // For all gates: where the shop runs, and who asks. The token was verified by the shop's own authentication.
  await app.register(kernel, {
    environment: options.environment,
    identify: async (request) => {
      const viewer = await viewerOf(request)
      return viewer && { id: String(viewer.id), tenantId: viewer.tenantId, roles: [viewer.role] }
    },
  })

  // The GraphQL route is declared by mercurius, so its rules are here. They are laid over those of the gates below.
  await app.register(graphqlGate, {
    routes: {
      '/graphql': {
        queryCost: { roles: { support: { maxCost: 5_000 }, admin: { maxCost: 20_000 } } },
        userRateLimit: { policies: { login: graphqlLoginLimit } },
      },
    },
  })

  // What an operation may look like. The shop's pages are fetched in one document each, so these may be long.
  if (has('depth-limit')) {
    await app.register(depthLimit, { maxDepth: 12, maxAliases: 15, maxRootFields: 10, maxTokens: 4_000 })
  }

  // What an operation may cost, list sizes included.
  if (has('query-cost')) {
    await app.register(queryCost, {
      maxCost: 1_000,
      weights: {
        // Reads three tables, none of them by an index.
        'Query.search': { cost: 20 },
        // Hashing a password is slow on purpose.
        'Mutation.login': { cost: 20 },
        'Mutation.register': { cost: 20 },
      },
    })
  }

  // How much of everything, for whom.
  if (has('user-rate-limit')) {
    await app.register(userRateLimit, {
      redis: options.redisUrl ?? undefined,
      keySecret: options.keySecret,
      keyPrefix: options.keyPrefix,
      // Generous, since the demo's databases, shops and visitors share one machine.
      storeTimeout: '1s',
      policies: {
        // What other gates refuse counts here as well, or probing would be free.
        // With a penalty it would be closed while Redis is away, and with it the whole shop.
        perAddress: {
          quota: 300,
          window: '1m',
          partitionKey: 'address',
          penalty: 1,
          onStoreError: 'local',
        },
        perUser: { quota: 200, window: '1m', partitionKey: 'principal', anonymous: 'skip' },
        mutations: { quota: 20, window: '60s', when: 'mutation' },
        spending: has('query-cost') && { quota: 50_000, window: '1m', cost: 'queryCost', unit: 'cost' },
      },
    })
  }

  // Whose rows are seen: the policies in database/policies.sql read these settings. Visitors see the public tenant.
  if (has('safe-db')) {
    await app.register(safeDb, {
      dsn: options.dsn,
      tls: isLoopback(options.dsn) ? 'disable' : 'verify-full',
      // Generous again: an order list that is flooded waits for its turn.
      poolWait: '5s',
      context: ({ principal: { id, tenantId, roles } }) => ({
        settings: {
          'app.tenant_id': tenantId ?? PUBLIC_TENANT,
          'app.user_id': id ?? '',
          'app.role': roles[0] ?? '',
        },
      }),
    })
  }

  // What of a person is shown to whom, in REST and GraphQL alike, and never in the log.
  if (has('pii-masking')) await app.register(piiMasking, { classify, policy: disclosure, log })

  // What happened, in a trail that cannot be changed unnoticed.
  if (has('audit-logger')) {
    const { directory, signingKey, subjectSecret } = options.trail
    await app.register(auditLogger, { directory, signingKey, subjectSecret })
  }
}
