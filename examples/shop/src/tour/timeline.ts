import type { AuditRecord } from '@portcullis/audit-logger'

/**
 * A request in one line, from its last record in the trail: what limited it, what it cost, what was masked, what it asked
 * the database, how it ended. `null` where it is not on record.
 *
 * @example "limit ok → cost 42 → mask 3 → SQL 2 (1.2 ms) → 200"
 */
export function timelineOf(records: readonly AuditRecord[]): string | null {
  const last = records.find(({ stage }) => stage === 'complete')
  if (!last) return null
  const { limits, cost, pii, queries } = last.facts ?? {}
  const violated = limits?.find((limit) => limit.violated)
  return [
    limits && (violated ? `limit ${violated.policy} (${violated.quota})` : 'limit ok'),
    cost !== undefined && `cost ${cost}`,
    pii && pii.masked > 0 && `mask ${pii.masked}`,
    pii && pii.revealed > 0 && `show ${pii.revealed}`,
    queries && `SQL ${queries.count} (${queries.milliseconds.toFixed(1)} ms)`,
    ending(last),
  ]
    .filter((part) => typeof part === 'string')
    .join(' → ')
}

function ending({ request, reason }: AuditRecord): string {
  if (request?.completed === false) return 'aborted'
  return `${request?.status ?? 'no status'}${reason === undefined ? '' : ` ${reason}`}`
}
