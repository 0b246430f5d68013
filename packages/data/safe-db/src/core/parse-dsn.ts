/** Where PostgreSQL is and who we are there. */
export interface Dsn {
  /** A name, an address, or the absolute path of the folder that a unix socket is in. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly applicationName: string | undefined
  /** What the string itself asks of the connection: plaintext, encryption, or either. */
  readonly transport: 'plaintext' | 'encrypted' | 'any'
}

/** What is wrong with a connection string, in words that hold nothing of it. */
export class DsnProblem extends Error {}

const PARAMETERS: ReadonlySet<string> = new Set(['sslmode', 'application_name'])
/** Modes of PostgreSQL. `verify-full` satisfies all that encrypt, since it is stronger. */
const MODES: ReadonlyMap<string, Dsn['transport']> = new Map([
  ['disable', 'plaintext'],
  ['allow', 'any'],
  ['prefer', 'any'],
  ['require', 'encrypted'],
  ['verify-ca', 'encrypted'],
  ['verify-full', 'encrypted'],
])
/** The server cuts longer names off without a word, and what is left may be somebody else's. */
const LONGEST_NAME = 63
/** What fits into a socket's address, with the name of the socket behind it. */
const LONGEST_PATH = 80
// A control character in a start-up parameter could begin another one.
const CONTROL = /\p{Cc}/u
const LIMITED: ReadonlySet<string> = new Set(['user', 'database', 'application_name'])

function part(name: string, encoded: string): string {
  let value
  try {
    value = decodeURIComponent(encoded)
  } catch {
    throw new DsnProblem(`its ${name} is not percent-encoded correctly`)
  }
  if (CONTROL.test(value)) throw new DsnProblem(`its ${name} holds a control character`)
  if (LIMITED.has(name) && Buffer.byteLength(value) > LONGEST_NAME)
    throw new DsnProblem(`its ${name} is longer than ${LONGEST_NAME} bytes`)
  return value
}

function hostOf(url: URL): string {
  const host = part('host', url.hostname.replaceAll(/^\[|\]$/g, ''))
  if (host.includes('/') && (!host.startsWith('/') || Buffer.byteLength(host) > LONGEST_PATH))
    throw new DsnProblem(`its host is no absolute path of a folder, of at most ${LONGEST_PATH} bytes`)
  return host
}

function urlOf(dsn: string): URL {
  if (!URL.canParse(dsn)) {
    throw new DsnProblem(
      'it is no URL: postgres://user:password@host:5432/database, with %40 for an @ in a password',
    )
  }
  const url = new URL(dsn)
  if (!['postgres:', 'postgresql:'].includes(url.protocol))
    throw new DsnProblem('it does not begin with postgres://')
  if (url.hash !== '') throw new DsnProblem('it has a #: write %23 in a password')
  return url
}

/**
 * Parses a connection string for PostgreSQL. It must name host, user and database; of its parameters, `sslmode` and
 * `application_name` are known.
 *
 * @throws DsnProblem, whose message holds nothing of the string
 */
export function parseDsn(dsn: string): Dsn {
  const url = urlOf(dsn)
  const { searchParams } = url
  for (const name of searchParams.keys()) {
    if (!PARAMETERS.has(name) || searchParams.getAll(name).length > 1) {
      throw new DsnProblem(
        `it takes the parameters ${[...PARAMETERS].join(' and ')}, once each, and no other`,
      )
    }
  }
  const transport = MODES.get(searchParams.get('sslmode') ?? 'prefer')
  if (transport === undefined) throw new DsnProblem('its sslmode is none that PostgreSQL knows')
  const [host, user, database] = [
    hostOf(url),
    part('user', url.username),
    part('database', url.pathname.slice(1)),
  ]
  if (host === '' || user === '' || database === '')
    throw new DsnProblem('it must name host, user and database')
  const applicationName = searchParams.get('application_name') ?? undefined
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: part('password', url.password),
    database,
    applicationName:
      applicationName === undefined
        ? undefined
        : part('application_name', encodeURIComponent(applicationName)),
    transport,
  }
}

/** Whether a host is the folder of a unix socket. */
export function isSocket(host: string): boolean {
  return host.startsWith('/')
}

/** Whether a host is this machine: its traffic leaves on no wire. */
export function isLoopback(host: string): boolean {
  return isSocket(host) || host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
