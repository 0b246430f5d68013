import type { ClientError, Refusal } from '@portcullis/kernel'
import type { ResolvedQueryCostOptions } from './options.ts'

/** A refusal of query-cost with its event. */
export function costRefusal(
  error: ClientError,
  options: ResolvedQueryCostOptions,
  limit?: number,
  actual?: number,
): Refusal {
  const details = { code: error.code, limit, actual }
  return {
    gate: 'queryCost',
    error,
    mode: options.mode,
    event: { type: 'query.cost_exceeded', severity: 'WARNING', details },
  }
}
