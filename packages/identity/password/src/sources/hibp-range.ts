import { InvalidSourceError } from '../errors.ts'
import { duration } from '@portcullis/kernel'
import type { Duration } from '@portcullis/kernel'
import * as v from 'valibot'
import type { RangeSource } from '../options.ts'

/** Where the ranges of breached passwords are. */
export interface HibpRangeOptions {
  /** The prefix is put behind it. Default: `https://api.pwnedpasswords.com/range/`. */
  readonly url?: string | undefined
  /** Until the whole answer is there. Default: 2 s. */
  readonly timeout?: Duration | undefined
  /** Default: the `fetch` of Node. Give one that goes through your proxy. */
  readonly fetch?: typeof fetch | undefined
}

const URL_OF_SERVICE = 'https://api.pwnedpasswords.com/range/'
/** Some twenty times what a range has. */
const MOST_BYTES = 1_048_576
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isSafe =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && LOOPBACK.has(parsed.hostname))
  if (isSafe && url.endsWith('/')) return
  throw new InvalidSourceError('hibpRange: url must begin with https:// (or be on this machine) and end with /.')
}

async function readAll(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > MOST_BYTES) throw new Error('the answer is larger than a range')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/**
 * Asks a service that speaks the range protocol of Have I Been Pwned. Five characters of the SHA-1 are all that it is sent,
 * and `Add-Padding` makes answers of all ranges look alike.
 *
 * @throws PORTCULLIS_PASSWORD_INVALID_SOURCE for a URL in plaintext, at boot; the source itself for anything but 200 in time
 */
export function hibpRange(options: HibpRangeOptions = {}): RangeSource {
  const { url = URL_OF_SERVICE, timeout = '2s', fetch: send = fetch } = options
  checkUrl(url)
  const parsed = v.safeParse(duration(), timeout)
  if (!parsed.success) throw new InvalidSourceError(`hibpRange: timeout takes ${parsed.issues[0].message}.`)
  return async (prefix) => {
    const answer = await send(`${url}${prefix}`, {
      headers: { 'add-padding': 'true', 'user-agent': 'portcullis-password' },
      redirect: 'error',
      signal: AbortSignal.timeout(parsed.output),
    })
    if (answer.status !== 200) {
      await answer.body?.cancel()
      throw new Error(`the service answered ${answer.status}`)
    }
    return readAll(answer)
  }
}
