import { createRequestValue, createScopedValue, nearestName } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createMatrix } from './core/matrix.ts'
import type { AccessMatrix } from './core/matrix.ts'
import { PolicyError } from './core/policy.ts'
import { InvalidPermissionError, InvalidPolicyError } from './errors.ts'
import { scopeNames } from './options.ts'
import type { ResolvedAccessControlOptions } from './options.ts'
import { sameTenant } from './scopes.ts'
import type { ScopeResolver } from './scopes.ts'

/** What one registration of access-control knows. */
export interface Registration {
  readonly scope: FastifyInstance
  readonly options: Readonly<ResolvedAccessControlOptions>
  readonly matrix: AccessMatrix
  readonly resolvers: Readonly<Record<string, ScopeResolver>>
}

/** The registration of the nearest scope. */
export const registrations = createScopedValue<Registration>()

/**
 * The registration that holds for a scope.
 *
 * @throws PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY where there is none
 */
export function registrationFor(scope: FastifyInstance): Registration {
  const registration = registrations.get(scope)
  if (registration === undefined)
    throw new InvalidPolicyError('access-control is not registered in this scope.')
  return registration
}

/**
 * Compiles what a registration decides with.
 *
 * @throws PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY that lists all that is wrong
 */
export function createRegistration(
  scope: FastifyInstance,
  options: Readonly<ResolvedAccessControlOptions>,
): Registration {
  try {
    const matrix = createMatrix({ roles: options.roles, scopes: scopeNames(options) }, nearestName)
    return { scope, options, matrix, resolvers: { tenant: sameTenant(), ...options.scopes } }
  } catch (error) {
    if (error instanceof PolicyError) throw new InvalidPolicyError(`access: ${error.message}`)
    throw error
  }
}

/** Runs what asks the matrix about a permission that code of the app named. */
export function asking<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof PolicyError ? new InvalidPermissionError() : error
  }
}

const told = createRequestValue<Set<string>>('portcullis.access-told/1')

/** Whether something is told of a request for the first time: events that would be the same are published once. */
export function isFirst(request: FastifyRequest, what: string): boolean {
  const known = told.get(request) ?? new Set<string>()
  told.set(request, known)
  if (known.has(what)) return false
  known.add(what)
  return true
}
