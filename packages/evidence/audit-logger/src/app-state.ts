import { resolve } from 'node:path'
import { createScopedRegistry } from '@portcullis/kernel'
import type { ScopedRegistry } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
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

/** Adds a registration to an app, with its trail. */
export function addRegistration(
  app: FastifyInstance,
  options: Readonly<ResolvedAuditLoggerOptions>,
): Registration {
  const { registrations, trails } = appStateOf(app)
  const directory = resolve(options.directory)
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
