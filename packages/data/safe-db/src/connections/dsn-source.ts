import { DsnProblem } from '../core/parse-dsn.ts'
import { LATE, within } from '../core/within.ts'

/** A connection string, or a function that fetches it: asked before each new connection. */
export type DsnSource = string | (() => string | Promise<string>)

async function ask(source: Exclude<DsnSource, string>, timeout: number): Promise<string> {
  const asked = Promise.resolve()
    .then(source)
    .catch(() => {
      // The error may hold the string.
      throw new DsnProblem('its function failed')
    })
  const text = await within(timeout, asked)
  if (text === LATE) throw new DsnProblem('its function gave no answer in time')
  return text
}

/**
 * Makes a function that asks a source. Who asks while it is being asked gets the same answer.
 *
 * @param timeout milliseconds that it may take
 * @returns a function that throws DsnProblem when the source fails or is late
 */
export function askOnce(source: DsnSource, timeout: number): () => Promise<string> {
  let asking: Promise<string> | undefined
  return async () => {
    if (typeof source === 'string') return source
    asking ??= ask(source, timeout).finally(() => (asking = undefined))
    return asking
  }
}
