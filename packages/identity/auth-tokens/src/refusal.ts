import type { ClientError, Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { challenge } from './http/challenge.ts'
import { schemeOf } from './http/read-credentials.ts'
import { NAME, registrationIn } from './registration.ts'

/** What is answered instead, and told to who listens. */
export function refusal(error: ClientError, request: FastifyRequest): Refusal {
  const { issuer: realm, dpop } = registrationIn(request.server).options
  const details = { reason: error.code }
  return {
    gate: NAME,
    error,
    headers: challenge(error, { realm, dpop, scheme: schemeOf(request) }),
    event: { type: 'auth.failure', severity: 'WARNING', details },
  }
}

/** Whether an error is meant for the client. */
export function isClientError(error: unknown): error is ClientError {
  const { code, statusCode } = (error ?? {}) as Partial<ClientError>
  return typeof code === 'string' && statusCode !== undefined && statusCode !== 500
}
