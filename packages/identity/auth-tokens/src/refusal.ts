import type { ClientError, Refusal } from '@portcullis/kernel'
import { challenge } from './http/challenge.ts'
import { NAME } from './registration.ts'

/**
 * What is answered instead, and told to who listens.
 *
 * @param issuer the realm
 */
export function refusal(error: ClientError, issuer: string): Refusal {
  const details = { reason: error.code }
  return {
    gate: NAME,
    error,
    headers: challenge(error, issuer),
    event: { type: 'auth.failure', severity: 'WARNING', details },
  }
}

/** Whether an error is meant for the client. */
export function isClientError(error: unknown): error is ClientError {
  const { code, statusCode } = (error ?? {}) as Partial<ClientError>
  return typeof code === 'string' && statusCode !== undefined && statusCode !== 500
}
