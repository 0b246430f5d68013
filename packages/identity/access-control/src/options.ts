import {
  callback,
  defineOptions,
  duration,
  either,
  flag,
  members,
  mode,
  nearestName,
  oneOf,
  record,
  text,
} from '@portcullis/kernel'
import type { Duration, Mode, OptionSet } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'
import type { Permission } from './core/permission.ts'
import { permissionComplaint } from './core/policy.ts'
import type { RoleDefinition, RoleDefinitions } from './core/policy.ts'
import type { ScopeResolver } from './scopes.ts'

/** What becomes of a GraphQL field that whoever asks may not have. */
export type OnDenied = 'reject' | 'null' | 'mask'

/** What somebody needs: one of `permission`, `role` and `authenticated`. */
export interface Requirement {
  /** `resource:action`, or `resource:action:scope`. */
  permission?: Permission | undefined
  /** One of these roles, or a role that inherits one. */
  role?: string | readonly string[] | undefined
  /** Anybody who is known. */
  authenticated?: true | undefined
  /** The longest that the caller's last login may be ago. Default: any time. */
  maxAge?: Duration | undefined
  /** How the caller must have logged in: one of these authentication context classes. Default: any way. */
  acr?: string | readonly string[] | undefined
  /** Whether what is read is personal, so that its permitted reading is an event. Default: by `personalData`. */
  personal?: boolean | undefined
}

/** Loads what a route is about, for scope resolvers. It runs after validation. */
export type LoadResource = (request: FastifyRequest) => unknown

/** Who may use a route: {@link Requirement}, or everybody. */
export interface RouteDecision extends Requirement {
  /** Everybody may, for this reason. */
  public?: string | undefined
  /** Loads what the route is about, for scopes. Default: resolvers see the request alone. */
  resource?: LoadResource | undefined
  /** Says that the handler narrows what it answers by `request.access.reach()`, so that scopes are not asked before. */
  narrows?: true | undefined
}

/** The rule of a GraphQL type or field. */
export interface FieldRule extends Requirement {
  /** Default: the plugin's. */
  onDenied?: OnDenied | undefined
}

/** What a route's `config.access` may hold. */
export interface AccessRouteOptions extends RouteDecision {
  /** `measure` reports what would be refused and refuses nothing. Default: the plugin's. */
  mode?: Mode | undefined
}

/** Options of access-control. A decision among them holds for every route of the scope that has none of its own. */
export interface AccessControlOptions extends AccessRouteOptions {
  /** Permissions by role. Default: none; roles then count by their names. */
  roles?: RoleDefinitions | undefined
  /** What the scopes of permissions mean. Default: `tenant`, by the resource's `tenantId`. */
  scopes?: Readonly<Record<string, ScopeResolver>> | undefined
  /** Refuses to boot with routes for which nobody said who may use them. Default: false. */
  requireDecision?: boolean | undefined
  /** Rules of GraphQL types and fields by coordinate, beside the directive in the schema. Default: none. */
  graphql?: Readonly<Record<string, Permission | FieldRule>> | undefined
  /** The name of the directive that is read from GraphQL schemas. Default: `auth`. */
  directive?: string | undefined
  /** What becomes of fields that may not be had, unless their rule says otherwise. Default: `reject`. */
  onDenied?: OnDenied | undefined
  /** Resources (`users`) of which permitted reads are events. Default: none. */
  personalData?: readonly string[] | undefined
}

/** A {@link FieldRule} as it is used. */
export interface ResolvedFieldRule {
  readonly permission: string | undefined
  readonly role: readonly string[] | undefined
  readonly authenticated: true | undefined
  /** Milliseconds. */
  readonly maxAge: number | undefined
  readonly acr: readonly string[] | undefined
  readonly personal: boolean | undefined
  readonly onDenied: OnDenied | undefined
}

/** {@link AccessControlOptions} with their defaults. */
export interface ResolvedAccessControlOptions extends Omit<ResolvedFieldRule, 'onDenied'> {
  readonly public: string | undefined
  readonly resource: LoadResource | undefined
  readonly narrows: true | undefined
  readonly mode: Mode
  readonly roles: RoleDefinitions
  readonly scopes: Readonly<Record<string, ScopeResolver>>
  readonly requireDecision: boolean
  readonly graphql: Readonly<Record<string, ResolvedFieldRule>>
  readonly directive: string
  readonly onDenied: OnDenied
  readonly personalData: readonly string[]
}

const names = (expects: string) => v.pipe(v.array(text(), expects), v.minLength(1, expects), v.readonly())

/** One name, or several. */
const oneOrMore = (expects: string): v.GenericSchema<string | readonly string[], readonly string[]> =>
  v.pipe(
    either(text(), names(expects), expects),
    v.transform((given): readonly string[] => (typeof given === 'string' ? [given] : given)),
  )

const permission = text("a permission such as 'orders:read' or 'orders:read:self'")
const role = oneOrMore("a role such as 'admin', or a list of which one is needed")
const acr = oneOrMore("an authentication context class such as 'phr', or a list of which one is needed")
const authenticated = v.literal(true, 'true; leave it out where nobody has to be known')
const onDenied = oneOf('reject', 'null', 'mask')

const fieldRule = members(
  {
    permission: v.optional(permission),
    role: v.optional(role),
    authenticated: v.optional(authenticated),
    maxAge: v.optional(duration()),
    acr: v.optional(acr),
    personal: v.optional(flag()),
    onDenied: v.optional(onDenied),
  },
  'a permission, or an object such as { permission, onDenied }',
)

/** The rule of a type or field, as it is written in `graphql` or made of a directive. */
export const FIELD_RULE: v.GenericSchema<unknown, ResolvedFieldRule> = v.pipe(
  either(
    permission,
    fieldRule,
    'a permission, or { permission, role, authenticated, maxAge, acr, personal, onDenied }',
  ),
  v.transform((given): ResolvedFieldRule => {
    const rule = typeof given === 'string' ? { permission: given } : given
    return {
      permission: undefined,
      role: undefined,
      authenticated: undefined,
      maxAge: undefined,
      acr: undefined,
      personal: undefined,
      onDenied: undefined,
      ...rule,
    }
  }),
)

const roleDefinition = either(
  members({
    inherits: v.optional(v.array(text(), 'a list of roles')),
    allow: v.optional(v.array(permission, 'a list of permissions')),
    deny: v.optional(v.array(permission, 'a list of permissions')),
  }),
  v.array(permission, 'a list of permissions'),
  'a list of permissions, or { inherits, allow, deny }',
) as v.GenericSchema<readonly string[] | RoleDefinition>

const DECISIONS = ['permission', 'role', 'authenticated', 'public'] as const
const BESIDE = ['maxAge', 'acr', 'personal', 'resource', 'narrows'] as const
const TENANT = 'tenant'

/** The names of all scopes that permissions may have. */
export function scopeNames({ scopes }: Pick<ResolvedAccessControlOptions, 'scopes'>): readonly string[] {
  return [...new Set([...Object.keys(scopes), TENANT])]
}

/** What is wrong with what a route or a field needs, where roles and scopes are known. */
function requirementComplaint(
  needed: Pick<ResolvedAccessControlOptions, 'permission' | 'role'>,
  known: Pick<ResolvedAccessControlOptions, 'roles' | 'scopes'>,
): string | undefined {
  const wrong =
    needed.permission === undefined
      ? undefined
      : permissionComplaint(needed.permission, scopeNames(known), nearestName)
  if (wrong !== undefined) return `permission: ${wrong}`
  const roles = Object.keys(known.roles)
  const unknown = roles.length === 0 ? undefined : needed.role?.find((one) => !roles.includes(one))
  if (unknown === undefined) return undefined
  const near = nearestName(unknown, roles)
  return `role: roles has no '${unknown}'. ${near === undefined ? `It has: ${roles.join(', ')}.` : `Did you mean '${near}'?`}`
}

/** What is wrong with the members of a rule of a type or field. */
export function ruleComplaint(
  rule: ResolvedFieldRule,
  known: Pick<ResolvedAccessControlOptions, 'roles' | 'scopes'>,
): string | undefined {
  const made = (['permission', 'role', 'authenticated'] as const).filter((key) => rule[key] !== undefined)
  if (made.length !== 1) {
    return `has ${made.join(' and ') || 'nothing that is needed'}: it takes one of permission, role and authenticated.`
  }
  return requirementComplaint(rule, known)
}

function decisionComplaint(options: ResolvedAccessControlOptions): string | undefined {
  const made = DECISIONS.filter((key) => options[key] !== undefined)
  const beside = BESIDE.filter((key) => options[key] !== undefined)
  if (made.length > 1) return `${made.join(' and ')} are ${made.length} decisions: keep one.`
  if (made[0] === 'public' && beside.length > 0)
    return `public lets everybody in, so ${beside.join(' and ')} would do nothing: remove one or the other.`
  if (made.length === 0 && beside.length > 0)
    return `${beside.join(' and ')} need a decision beside them: permission, role or authenticated: true.`
  const scoped = (['resource', 'narrows'] as const).filter((key) => options[key] !== undefined)
  if (scoped.length > 0 && options.permission === undefined)
    return `${scoped.join(' and ')} are about the scopes of a permission: give permission.`
  if (scoped.length > 1) return 'resource and narrows are two ways to decide over scopes: keep one.'
  return requirementComplaint(options, options)
}

const COORDINATE = /^[A-Za-z_][A-Za-z0-9_]{0,127}(?:\.[A-Za-z_][A-Za-z0-9_]{0,127})?$/

function complaint(options: ResolvedAccessControlOptions): string | undefined {
  for (const [coordinate, rule] of Object.entries(options.graphql)) {
    if (!COORDINATE.test(coordinate))
      return `graphql['${coordinate.slice(0, 80)}'] is no coordinate such as User or User.salary.`
    const wrong = ruleComplaint(rule, options)
    if (wrong !== undefined) return `graphql['${coordinate}'] ${wrong}`
  }
  return decisionComplaint(options)
}

/** A route that decides for itself takes nothing of the plugin's decision; one that is public has no login to look at. */
function inherit(
  plugin: Readonly<ResolvedAccessControlOptions>,
  own: Partial<ResolvedAccessControlOptions>,
): Readonly<ResolvedAccessControlOptions> {
  if (!DECISIONS.some((key) => own[key] !== undefined)) return plugin
  const undecided = Object.fromEntries(
    [...DECISIONS, 'personal', 'resource', 'narrows'].map((key) => [key, undefined]),
  )
  const open = own.public === undefined ? {} : { maxAge: undefined, acr: undefined }
  return { ...plugin, ...undecided, ...open }
}

/** The options of access-control as a checked set. */
export const accessControlOptions: OptionSet<ResolvedAccessControlOptions> =
  defineOptions<ResolvedAccessControlOptions>(
    'access',
    {
      permission: {
        schema: permission,
        doc: 'What a caller needs. At the plugin, this and the next three hold for every route of the scope that has none of its own.',
      },
      role: { schema: role, doc: 'The role that a caller needs, or one that inherits it.' },
      authenticated: { schema: authenticated, doc: 'Anybody who is known may.' },
      public: { schema: text('the reason, in words'), doc: 'Everybody may, for this reason.' },
      maxAge: { schema: duration(), doc: 'The longest that the caller’s last login may be ago (RFC 9470).' },
      acr: {
        schema: acr,
        doc: 'How the caller must have logged in: one of these authentication context classes.',
      },
      personal: {
        schema: flag(),
        doc: 'Whether what is read is personal, so that its permitted reading is an event. Without it: by `personalData`.',
      },
      resource: {
        schema: callback<LoadResource>('(request) => what the route is about'),
        doc: 'Loads what the route is about, for scope resolvers; it runs after validation.',
      },
      narrows: {
        schema: authenticated,
        takes: 'true',
        doc: 'Says that the handler narrows what it answers by `request.access.reach()`, so that scopes are not asked before it.',
      },
      mode: {
        schema: mode,
        default: 'enforce',
        doc: '`measure` reports what would be refused and refuses nothing.',
      },
      roles: {
        schema: record(
          roleDefinition,
          "roles such as { user: ['orders:read:self'] }",
        ) as v.GenericSchema<RoleDefinitions>,
        default: {},
        pluginOnly: true,
        doc: 'Permissions by role: a list, or `{ inherits, allow, deny }`. Without any, roles count by their names.',
      },
      scopes: {
        schema: record(
          callback<ScopeResolver>('(request, resource) => true, false or undefined'),
          "resolvers by scope, such as { self: ownedBy('userId') }",
        ),
        default: {},
        pluginOnly: true,
        doc: 'What the scopes of permissions mean. `tenant` means the resource’s `tenantId` unless told otherwise.',
      },
      requireDecision: {
        schema: flag(),
        default: false,
        pluginOnly: true,
        doc: 'Refuses to boot with routes for which nobody said who may use them.',
      },
      graphql: {
        schema: record(
          FIELD_RULE,
          "rules by coordinate, such as { 'User.salary': 'payroll:read' }",
        ) as v.GenericSchema<Readonly<Record<string, ResolvedFieldRule>>>,
        default: {},
        pluginOnly: true,
        doc: 'What GraphQL types and fields need, by coordinate, beside the directive in the schema.',
      },
      directive: {
        schema: text(),
        default: 'auth',
        pluginOnly: true,
        doc: 'The name of the directive that is read from GraphQL schemas.',
      },
      onDenied: {
        schema: onDenied,
        default: 'reject',
        pluginOnly: true,
        doc: 'What becomes of GraphQL fields that may not be had, unless their rule says otherwise.',
      },
      personalData: {
        schema: v.pipe(v.array(text(), 'a list of resources'), v.readonly()),
        default: [],
        pluginOnly: true,
        doc: 'Resources of which permitted reads are events, such as `users` of `users:read`.',
      },
    },
    { check: complaint, inherit },
  )
