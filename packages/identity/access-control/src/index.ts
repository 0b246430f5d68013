export { diffMatrices, printDiff } from './core/diff.ts'
export type { MatrixChange } from './core/diff.ts'
export { createMatrix } from './core/matrix.ts'
export type { AccessMatrix, Asker, Cell, MatrixJson } from './core/matrix.ts'
export type { Permission } from './core/permission.ts'
export type { AccessPolicy, RoleDefinition, RoleDefinitions } from './core/policy.ts'
export type { InScope } from './core/settle.ts'
export * from './errors.ts'
export { authDirective } from './graphql/directive.ts'
export { accessControlOptions as options } from './options.ts'
export type {
  AccessControlOptions,
  AccessRouteOptions,
  FieldRule,
  LoadResource,
  OnDenied,
  Requirement,
  RouteDecision,
} from './options.ts'
export { accessControl, accessControl as default } from './plugin.ts'
export type { Access } from './plugin.ts'
export type { AccessReach, RequestAccess } from './request-access.ts'
export type { RouteCoverage } from './route-decision.ts'
export { ownedBy, sameTenant } from './scopes.ts'
export type { GuardedFieldCall, ScopeResolver } from './scopes.ts'
export type { AccessSettings, SettingsOptions } from './settings.ts'
export type { Principal } from './types.ts'
