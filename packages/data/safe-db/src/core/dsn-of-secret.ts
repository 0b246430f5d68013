import { DsnProblem } from './parse-dsn.ts'

/** Members that the services of clouds give such a secret. */
const TEXTS = ['username', 'password', 'host', 'dbname'] as const

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The error of the parser may hold the text.
    throw new DsnProblem('its secret is neither a connection string nor JSON')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new DsnProblem('its secret is no JSON object')
}

function urlOf(url: string | undefined): URL {
  if (url === undefined) return new URL('postgres://host')
  if (!URL.canParse(url)) throw new DsnProblem('its url is none: postgres://host:5432/database')
  const parsed = new URL(url)
  if (parsed.username !== '' || parsed.password !== '')
    throw new DsnProblem('its url names a user or password: both come from the secret')
  return parsed
}

/**
 * The connection string that one secret holds, so that user and password are always of one version: the string itself, JSON
 * with a `dsn`, or JSON with `username`, `password` and perhaps `host`, `port` and `dbname`, as the services of clouds store
 * it. What the JSON does not say comes from `url`.
 *
 * @throws DsnProblem, whose message holds nothing of the secret
 */
export function dsnOfSecret(text: string, url: string | undefined): string {
  if (!text.trimStart().startsWith('{')) {
    if (url !== undefined)
      throw new DsnProblem(
        'its secret is a connection string: leave url out, or store { username, password }',
      )
    return text
  }
  const secret = objectOf(text)
  if (typeof secret['dsn'] === 'string') return secret['dsn']
  for (const name of TEXTS) {
    const value = secret[name]
    const needed = name === 'username' || name === 'password' || url === undefined
    if (value === undefined && !needed) continue
    if (typeof value !== 'string' || value === '' || !value.isWellFormed())
      throw new DsnProblem(`its secret has no well-formed ${name}`)
  }
  const known = urlOf(url)
  const { username, password, host, port, dbname } = secret
  const at = typeof host === 'string' ? encodeHost(host) : known.hostname
  const number = typeof port === 'number' || typeof port === 'string' ? String(port) : known.port
  if (!/^\d{0,5}$/.test(number)) throw new DsnProblem('its secret has a port that is none')
  const path = typeof dbname === 'string' ? `/${encodeURIComponent(dbname)}` : known.pathname
  const who = `${encodeURIComponent(String(username))}:${encodeURIComponent(String(password))}`
  return `postgres://${who}@${at}${number === '' ? '' : `:${number}`}${path}${known.search}`
}

/** An address of IPv6 needs brackets; a path is encoded. */
function encodeHost(host: string): string {
  return /^[0-9A-Fa-f:.]+$/.test(host) && host.includes(':') ? `[${host}]` : encodeURIComponent(host)
}
