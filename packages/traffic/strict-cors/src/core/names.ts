const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/

/** Methods that Fetch never sends (section 2.2.1, "forbidden method"). */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** Request headers that scripts cannot set (Fetch, "forbidden request-header"), in lower case. */
const FORBIDDEN_REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'accept-charset',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

/** Response headers that scripts cannot read (Fetch, "forbidden response-header name"). */
const FORBIDDEN_RESPONSE_HEADERS: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2'])

/** What is wrong with a method of a policy, if anything is: a sentence with the mend. */
export function methodProblem(method: string): string | undefined {
  if (method === '*') return "'*' allows what nobody has thought of; list the methods"
  if (!TOKEN.test(method)) return 'a method is a word such as GET'
  const upper = method.toUpperCase()
  if (FORBIDDEN_METHODS.has(upper)) return `browsers never send ${upper}; leave it out`
  return method === upper ? undefined : `methods are in upper case; write '${upper}'`
}

/** What is wrong with a request header of a policy, if anything is: a sentence with the mend. */
export function requestHeaderProblem(name: string): string | undefined {
  if (name === '*') return "'*' allows what nobody has thought of, and not Authorization; list the headers"
  if (!TOKEN.test(name)) return 'a header is a word such as Content-Type'
  const lower = name.toLowerCase()
  if (FORBIDDEN_REQUEST_HEADERS.has(lower) || lower.startsWith('sec-') || lower.startsWith('proxy-')) {
    return 'scripts cannot set this header, browsers do; leave it out'
  }
  return lower.startsWith('access-control-') ? 'it is a header of answers; leave it out' : undefined
}

/** What is wrong with a response header that scripts should read, if anything is: a sentence with the mend. */
export function responseHeaderProblem(name: string): string | undefined {
  if (name === '*') return "'*' exposes what nobody has thought of; list the headers"
  if (!TOKEN.test(name)) return 'a header is a word such as Link'
  const lower = name.toLowerCase()
  if (FORBIDDEN_RESPONSE_HEADERS.has(lower)) return 'browsers show it to no script; leave it out'
  return lower.startsWith('access-control-') ? 'browsers read it themselves; leave it out' : undefined
}
