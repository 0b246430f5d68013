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
  throw new InvalidSourceError(
    'hibpRange: url must begin with https:// (or be on this machine) and end with /.',
  )
}

interface Fetching {
  /** Ends the request, its body included. */
  end?: () => Promise<void> | void
}

async function readAll(answer: Response, fetching: Fetching): Promise<string> {
  const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader()
  fetching.end = () => reader?.cancel()
  const chunks: Uint8Array[] = []
  let size = 0
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    size += read.value.length
    if (size > MOST_BYTES) throw new Error('the answer is larger than a range')
    chunks.push(read.value)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/**
 * Runs a request that ends in time. A timer of our own and not `AbortSignal.timeout`: fetch holds the signal weakly, so that
 * Node 20 may collect it while the body is on its way, and then nothing ends it.
 */
async function inTime(
  milliseconds: number,
  request: (signal: AbortSignal, fetching: Fetching) => Promise<string>,
): Promise<string> {
  const controller = new AbortController()
  const fetching: Fetching = { end: () => controller.abort() }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the service did not answer in time')), milliseconds)
  })
  try {
    return await Promise.race([request(controller.signal, fetching), late])
  } catch (error) {
    // Whatever became of it: a connection that is still open is closed, and how that ends is nobody's concern.
    void Promise.resolve(fetching.end?.()).catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
  }
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
  return (prefix) =>
    inTime(parsed.output, async (signal, fetching) => {
      const answer = await send(`${url}${prefix}`, {
        headers: { 'add-padding': 'true', 'user-agent': 'portcullis-password' },
        redirect: 'error',
        signal,
      })
      if (answer.status !== 200) {
        fetching.end = () => answer.body?.cancel()
        throw new Error(`the service answered ${answer.status}`)
      }
      return readAll(answer, fetching)
    })
}
