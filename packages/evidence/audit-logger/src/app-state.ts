import { resolve } from 'node:path'
import { createScopedRegistry, InvalidOptionsError } from '@portcullis/kernel'
import type { ScopedRegistry } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { privateKeyOf } from '@portcullis/transparency-log'
import { createPseudonyms } from './core/pseudonym.ts'
import type { ResolvedAuditLoggerOptions } from './options.ts'
import { createTrail } from './trail/trail.ts'
import type { Trail } from './trail/trail.ts'

/** One registration: its trail, and the pseudonyms of its secret. */
export interface Registration {
  readonly trail: Trail
  readonly pseudonym: ReturnType<typeof createPseudonyms>
  readonly options: Readonly<ResolvedAuditLoggerOptions>
}

/** What the registrations of one app share. */
export interface AppState {
  readonly registrations: ScopedRegistry<Registration>
  /** By directory: two scopes may write to one trail. */
  readonly trails: Map<string, Trail>
}

const states = new WeakMap<object, AppState>()

/** The state of an app, created when first asked for. */
export function appStateOf(app: FastifyInstance): AppState {
  const known = states.get(app.server)
  if (known !== undefined) return known
  const state: AppState = { registrations: createScopedRegistry(), trails: new Map() }
  states.set(app.server, state)
  return state
}

/** What belongs to a trail rather than to the scope that writes to it. */
const OF_THE_TRAIL = [
  'origin',
  'onCheckpoint',
  'checkpointInterval',
  'maxQueue',
  'sinkTimeout',
  'recover',
] as const

type Options = Readonly<ResolvedAuditLoggerOptions>

/** Of two registrations that share a trail, the second must not believe in settings that do not hold. */
function checkShared(directory: string, one: Options, other: Options): void {
  const key = privateKeyOf(one.signingKey).equals(privateKeyOf(other.signingKey)) ? undefined : 'signingKey'
  const differing = key ?? OF_THE_TRAIL.find((name) => one[name] !== other[name])
  if (differing === undefined) return
  throw new InvalidOptionsError(
    `audit.${differing}: another registration writes to the trail in ${directory} with another ${differing}. Give both the same one, or each a directory of its own.`,
  )
}

/**
 * Adds a registration to an app, with its trail.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS where it shares a directory and differs in what belongs to the trail
 */
export function addRegistration(
  app: FastifyInstance,
  options: Readonly<ResolvedAuditLoggerOptions>,
): Registration {
  const { registrations, trails } = appStateOf(app)
  const directory = resolve(options.directory)
  const sharing = registrations.all().find(({ value }) => value.trail.directory === directory)
  if (sharing !== undefined) checkShared(directory, sharing.value.options, options)
  const trail = trails.get(directory) ?? createTrail({ ...options, directory }, app.log)
  trails.set(directory, trail)
  const registration = { trail, pseudonym: createPseudonyms(options.subjectSecret), options }
  registrations.add(app, 'audit', registration)
  return registration
}

/** The registration that holds in a scope. */
export function registrationOf(scope: FastifyInstance): Registration | undefined {
  return appStateOf(scope).registrations.find(scope, 'audit')
}
