/** The flawed pattern: values are put into the text. */
export function interpolate(name: string): string {
  return `select count(*)::int as n from accounts where owner = '${name}'`
}

/** The flawed pattern: an identifier is checked against a list of what is bad. */
export function quoteByBlacklist(name: string): string {
  if (/[;'"\\]/.test(name)) throw new Error('invalid identifier')
  return `"${name}"`
}

/** The flawed pattern: a connection string is cut at its last `@`. */
export function redactAtLastAt(dsn: string): string {
  return dsn.split('@').at(-1) ?? ''
}

/** The flawed pattern: what is logged of a query is its text with the values written in, up to a length. */
export function describeQuery(text: string, values: readonly string[]): string {
  return values.reduce((sql, value, index) => sql.replace(`$${index + 1}`, `'${value}'`), text).slice(0, 500)
}
