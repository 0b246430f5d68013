import type { ClientError } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { doorOf } from '../doors/door-of.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { ledgerOf } from '../stages/request-ledger.ts'

const RESPONSE_JSON = 'application/graphql-response+json'

/** A GraphQL answer that holds one error, in the media type that the client asks for. */
export function graphqlErrorBody(
  request: FastifyRequest,
  { message, code, extensions }: ClientError,
  copies?: number,
): { readonly type: string; readonly body: string } {
  const answer = { errors: [{ message, extensions: { ...extensions, code } }] }
  const body = copies === undefined ? answer : Array.from({ length: copies }, () => answer)
  const accepts = request.headers.accept?.includes(RESPONSE_JSON) === true
  return {
    type: accepts ? `${RESPONSE_JSON}; charset=utf-8` : 'application/json; charset=utf-8',
    body: JSON.stringify(body),
  }
}

/**
 * What a refusal answers on a GraphQL route: an error body whose `extensions.code` is the contract, in both media types of
 * GraphQL over HTTP. A batch is refused as a whole, with one error for each entry; one that has too many entries, with
 * one error.
 */
export function formatGraphqlRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  error: ClientError,
): string | undefined {
  if (doorOf(request) === undefined) return undefined
  const { legacyStatus } = gateOptionsFor(request)
  const { entries, batch } = ledgerOf(request)
  const copies = error.code === 'MAX_BATCH_EXCEEDED' ? 1 : (entries?.length ?? 1)
  const { type, body } = graphqlErrorBody(request, error, batch ? copies : undefined)
  void reply.code(legacyStatus ? 200 : (error.statusCode ?? 400)).type(type)
  // Serialised here, so that a response schema of the route cannot drop the error.
  return body
}
