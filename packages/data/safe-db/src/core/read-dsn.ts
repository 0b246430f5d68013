/** What a connection string says, as far as it can be told for certain. */
export interface DsnParts {
  readonly scheme: string
  /** Hosts with their ports as they stand there, such as `db.example.com:5432`. */
  readonly hosts: string
  readonly database: string
  /** Parameters, names in lower case without spaces, hyphens and underscores. Values may be secret. */
  readonly parameters: ReadonlyMap<string, string>
}

const URL_FORM = /^((?:jdbc:)?[a-z][a-z0-9+.-]{0,30}):\/\/(.*)$/is
const HOST = String.raw`(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?`
const HOSTS = new RegExp(`^(?:tcp:)?${HOST}(?:,${HOST})*$`)
const NAME = /^[\w.-]{1,63}$/

function nameOf(text: string): string {
  return decode(text)
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function pairs(texts: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at > 0) parameters.set(nameOf(text.slice(0, at)), decode(text.slice(at + 1)).trim())
  }
  return parameters
}

function fromUrl(scheme: string, rest: string): DsnParts | undefined {
  const authorityEnd = rest.search(/[/?#;]/)
  const authority = authorityEnd === -1 ? rest : rest.slice(0, authorityEnd)
  const tail = authorityEnd === -1 ? '' : rest.slice(authorityEnd)
  // An @ behind the first /, ? or #: nobody can tell whether the password has those, or a parameter has an @.
  if (tail.includes('@')) return undefined
  const hosts = authority.slice(authority.lastIndexOf('@') + 1)
  if (hosts !== '' && !HOSTS.test(hosts)) return undefined
  const path = /^\/([^?#;]*)/.exec(tail)?.[1] ?? ''
  const query = tail.slice(path === '' ? tail.search(/[^/]|$/) : path.length + 1)
  const parameters = pairs(query.split(/[?&;#]/))
  const candidates = [path, parameters.get('database') ?? '']
  const database = candidates.find((name) => NAME.test(name)) ?? ''
  return { scheme: scheme.toLowerCase(), hosts, database, parameters }
}

function fromPairs(text: string): DsnParts | undefined {
  // Quotes and braces may hide anything.
  if (/["'{}\\]/.test(text) || !text.includes('=')) return undefined
  const isAdo = text.includes(';')
  const parameters = pairs(isAdo ? text.split(';') : text.split(/\s+/))
  const find = (...names: readonly string[]): string =>
    names.map((name) => parameters.get(name)).find((value) => value !== undefined) ?? ''
  const host = find('host', 'server', 'datasource', 'addr', 'address', 'hostaddr')
  const port = find('port')
  const database = find('dbname', 'database', 'initialcatalog')
  if (!HOSTS.test(host)) return undefined
  return {
    scheme: isAdo || parameters.has('server') || parameters.has('datasource') ? 'ado' : 'libpq',
    hosts: /^\d{1,5}$/.test(port) ? `${host}:${port}` : host,
    database: NAME.test(database) ? database : '',
    parameters,
  }
}

/**
 * Reads a connection string of PostgreSQL, MySQL or SQL Server: as a URL, as JDBC's, or as `name=value` pairs.
 *
 * @returns undefined where it cannot be told which part of it is secret
 */
export function readDsn(dsn: string): DsnParts | undefined {
  const [, scheme, rest] = URL_FORM.exec(dsn.trim()) ?? []
  return scheme === undefined || rest === undefined ? fromPairs(dsn.trim()) : fromUrl(scheme, rest)
}
