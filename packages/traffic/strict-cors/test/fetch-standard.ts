/**
 * What a browser does, after the Fetch standard (https://fetch.spec.whatwg.org): when it asks first (4.8, "CORS-preflight
 * fetch"), and when it lets a page read an answer (4.9, "CORS check"). Pure, and of no code of the gate.
 */

/** What a page asks for. Header values are short and harmless, so that a name alone decides. */
export interface PageRequest {
  readonly origin: string
  readonly method: string
  /** Names of headers that the script sets, in lower case. */
  readonly headers: readonly string[]
  readonly credentials: boolean
}

/** What a server answers, as far as CORS goes. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

const SAFELISTED_METHODS = ['GET', 'HEAD', 'POST']
const SAFELISTED_HEADERS = ['accept', 'accept-language', 'content-language', 'range']

/** Names of headers for which a browser asks first, sorted (2.2.2, "CORS-unsafe request-header names"). */
export function unsafeNames({ headers }: PageRequest): readonly string[] {
  return headers.filter((name) => !SAFELISTED_HEADERS.includes(name)).toSorted()
}

/** Whether a browser asks before it sends this (4.1, "main fetch"). */
export function asksFirst(request: PageRequest): boolean {
  return !SAFELISTED_METHODS.includes(request.method) || unsafeNames(request).length > 0
}

/** 4.9, "CORS check". */
export function passesCorsCheck(request: PageRequest, { headers }: Answer): boolean {
  const origin = headers['access-control-allow-origin']
  if (origin === undefined) return false
  if (!request.credentials && origin === '*') return true
  if (origin !== request.origin) return false
  return !request.credentials || headers['access-control-allow-credentials'] === 'true'
}

const listOf = (value: string | undefined): readonly string[] =>
  (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** 4.8, steps 7: whether the answer to a preflight lets the browser send the request. */
export function passesPreflight(request: PageRequest, answer: Answer): boolean {
  if (!passesCorsCheck(request, answer) || answer.status < 200 || answer.status > 299) return false
  const methods = listOf(answer.headers['access-control-allow-methods'])
  const names = listOf(answer.headers['access-control-allow-headers']).map((name) => name.toLowerCase())
  const wildcard = (list: readonly string[]): boolean => !request.credentials && list.includes('*')
  if (
    !methods.includes(request.method) &&
    !SAFELISTED_METHODS.includes(request.method) &&
    !wildcard(methods)
  ) {
    return false
  }
  return unsafeNames(request).every(
    (name) => names.includes(name) || (name !== 'authorization' && wildcard(names)),
  )
}

/** Header names that a script may read of an answer that passed the check (4.10). */
export function readable(request: PageRequest, { headers }: Answer): readonly string[] {
  const names = listOf(headers['access-control-expose-headers']).map((name) => name.toLowerCase())
  return !request.credentials && names.includes('*') ? ['*'] : names
}
