import type { ClientError, Mode, Refusal } from '@portcullis/kernel'

/** A refusal of graphql-gate's own: something about the form of a request. */
export function rejection(
  gate: string,
  error: ClientError,
  facts: { readonly mode?: Mode | undefined; readonly limit?: number; readonly actual?: number } = {},
): Refusal {
  const { mode = 'enforce', limit, actual } = facts
  const details = { code: error.code, limit, actual }
  return { gate, error, mode, event: { type: 'query.rejected', severity: 'WARNING', details } }
}
