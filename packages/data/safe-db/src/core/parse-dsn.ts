/** Where PostgreSQL is and who we are there. */
export interface Dsn {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly applicationName: string | undefined
  /** True when the string itself asks for plaintext (`sslmode=disable`). */
  readonly plaintext: boolean
}

/** What is wrong with a connection string, in words that hold nothing of it. */
export class DsnProblem extends Error {}

const PARAMETERS: ReadonlySet<string> = new Set(['sslmode', 'application_name'])
/** Modes that `verify-full` satisfies, since it is stronger. */
const WEAKER_MODES: ReadonlySet<string> = new Set(['allow', 'prefer', 'require', 'verify-ca', 'verify-full'])
// A control character in a start-up parameter could begin another one.
const CONTROL = /\p{Cc}/u

function part(name: string, encoded: string): string {
  let value
  try {
    value = decodeURIComponent(encoded)
  } catch {
    throw new DsnProblem(`its ${name} is not percent-encoded correctly`)
  }
  if (CONTROL.test(value)) throw new DsnProblem(`its ${name} holds a control character`)
  return value
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
  const mode = searchParams.get('sslmode') ?? 'verify-full'
  const plaintext = mode === 'disable'
  if (!plaintext && !WEAKER_MODES.has(mode)) throw new DsnProblem('its sslmode is none that PostgreSQL knows')
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  const [user, database] = [part('user', url.username), part('database', url.pathname.slice(1))]
  if (host === '' || user === '' || database === '')
    throw new DsnProblem('it must name host, user and database')
  const applicationName = searchParams.get('application_name') ?? undefined
  return {
    host: part('host', host),
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: part('password', url.password),
    database,
    applicationName:
      applicationName === undefined
        ? undefined
        : part('application_name', encodeURIComponent(applicationName)),
    plaintext,
  }
}

/** Whether a host is this machine: its traffic leaves on no wire. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
