import { defineGate, onceRoutesKnown, optionsInUse } from '@portcullis/kernel'
import type { Principal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { warnUnreachable } from './boot-checks.ts'
import type { AccessMatrix } from './core/matrix.ts'
import { useGraphql } from './graphql/use-graphql.ts'
import { accessControlOptions } from './options.ts'
import type { AccessControlOptions, ResolvedAccessControlOptions } from './options.ts'
import { createRegistration, registrationFor, registrations } from './registration.ts'
import { can, requestAccessOf } from './request-access.ts'
import type { RequestAccess } from './request-access.ts'
import { decideRoutes } from './route-checks.ts'
import { coverageWithin, requireDecisions } from './route-decision.ts'
import type { RouteCoverage } from './route-decision.ts'
import { settingsOf } from './settings.ts'
import type { AccessSettings, SettingsOptions } from './settings.ts'

/** The decorator `app.access`. */
export interface Access {
  /** Roles and permissions of this scope, compiled: to print, to compare and to test. */
  readonly matrix: AccessMatrix
  /** What was decided over each route of this scope and the scopes within it. Complete once the app is ready. */
  coverage(): readonly RouteCoverage[]
  /**
   * What row-level-security policies may know of a caller, for the `context` of safe-db:
   * `app.current_user_id`, `app.current_tenant_id`, `app.roles` and `app.permissions`, empty texts for nobody.
   */
  settingsFor(principal: Principal, options?: SettingsOptions): AccessSettings
}

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('access')) {
    app.decorate('access', {
      getter(this: FastifyInstance): Access {
        const { matrix } = registrationFor(this)
        return {
          matrix,
          coverage: () => coverageWithin(this),
          settingsFor: (principal, options) => settingsOf(matrix, principal, options),
        }
      },
    })
  }
  if (!app.hasRequestDecorator('access')) {
    app.decorateRequest('access', {
      getter(this: FastifyRequest): RequestAccess {
        return requestAccessOf(this)
      },
    })
  }
  if (!app.hasRequestDecorator('can')) {
    app.decorateRequest('can', function (this: FastifyRequest, permission: string, resource?: unknown) {
      return can(this, permission, resource)
    })
  }
}

async function register(
  app: FastifyInstance,
  options: Readonly<ResolvedAccessControlOptions>,
): Promise<void> {
  const registration = createRegistration(app, options)
  registrations.set(app, registration)
  decorate(app)
  decideRoutes(app)
  const checkGraphql = await useGraphql(registration)
  onceRoutesKnown(app, () => {
    checkGraphql()
    requireDecisions(registration)
    const inUse = optionsInUse<ResolvedAccessControlOptions>(app, 'access')
    warnUnreachable(registration, [
      ...inUse.map((one) => one.options.permission),
      ...Object.values(options.graphql).map(({ permission }) => permission),
    ])
  })
}

/**
 * Decides who may do what: permissions by role, over routes, resources and GraphQL fields.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY,
 * PORTCULLIS_ACCESS_CONTROL_MISSING_DECISION
 */
export const accessControl: FastifyPluginAsync<AccessControlOptions> = defineGate<
  AccessControlOptions,
  ResolvedAccessControlOptions
>({ name: 'access', package: '@portcullis/access-control', options: accessControlOptions, register })
