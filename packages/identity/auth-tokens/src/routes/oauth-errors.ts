import { refuse } from '@portcullis/kernel'
import type { ClientError } from '@portcullis/kernel'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isClientError, refusal } from '../refusal.ts'

/** What RFC 6749, section 5.2, and RFC 9449, section 5, call our codes. */
const NAMES: Readonly<Record<string, string>> = {
  INVALID_CLIENT: 'invalid_client',
  INVALID_DPOP_PROOF: 'invalid_dpop_proof',
  INVALID_GRANT: 'invalid_grant',
  INVALID_REQUEST: 'invalid_request',
  UNSUPPORTED_GRANT_TYPE: 'unsupported_grant_type',
}

function nameOf({ code }: FastifyError): string | undefined {
  // Fastify's own, for bodies that cannot be read.
  return code?.startsWith('FST_ERR_CTP_') ? 'invalid_request' : NAMES[code]
}

/**
 * Answers errors of the protocol as it demands, with the same body whatever the reason. Those of others go on to the
 * app's own error handler.
 */
export function answerOAuthError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const name = nameOf(error)
  if (name === undefined) throw error
  void reply.code(error.statusCode ?? 400).send({ error: name })
}

/** A challenge is for what asks for credentials in a header; the token endpoint answers 400 without one. */
function headersOf(error: ClientError, headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'www-authenticate': challenge, ...others } = headers
  return challenge === undefined || error.statusCode !== 401
    ? others
    : { ...others, 'www-authenticate': challenge }
}

/** Runs a handler. What it refuses is published, and answered by {@link answerOAuthError} or the app. */
export async function orRefuse(
  request: FastifyRequest,
  reply: FastifyReply,
  handle: () => Promise<unknown>,
): Promise<unknown> {
  try {
    return await handle()
  } catch (error) {
    if (!isClientError(error)) throw error
    const { headers = {}, ...rest } = refusal(error, request)
    await refuse(request, reply, { ...rest, headers: headersOf(error, headers) })
    return reply
  }
}
