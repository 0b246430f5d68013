import type { ClientError, Mode, Refusal } from '@portcullis/kernel'

/** A refusal of strict-cors, with its event. */
export function refusal(error: ClientError, reason: string, mode: Mode): Refusal {
  return {
    gate: 'strictCors',
    mode,
    error,
    event: { type: 'origin.refused', severity: 'WARNING', details: { code: error.code, reason } },
  }
}
