import * as v from 'valibot'
import { InvalidRequest } from '../errors.ts'

/** Bytes of the longest body: the longest token, and room. */
export const LONGEST_BODY = 16_384

/** What is asked of the token endpoint (RFC 6749, section 6). Further parameters are ignored, as it demands. */
export const tokenBody = v.object({ grant_type: v.string(), refresh_token: v.optional(v.string()) })
/** What is revoked (RFC 7009, section 2.1). The hint is not needed: tokens of the two kinds look different. */
export const revokeBody = v.object({ token: v.optional(v.string()), token_type_hint: v.optional(v.string()) })
/** What is asked about (RFC 7662, section 2.1). */
export const introspectBody = v.object({ token: v.string(), token_type_hint: v.optional(v.string()) })

/**
 * Checks a body.
 *
 * @throws INVALID_REQUEST
 */
export function readBody<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body)
  if (!result.success) throw new InvalidRequest()
  return result.output
}
