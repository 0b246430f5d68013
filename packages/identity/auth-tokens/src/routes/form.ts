import { InvalidRequest } from '../errors.ts'

/** The charset that a content type names, in lower case. */
function charsetOf(contentType: string): string | undefined {
  const parameter = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith('charset='))
  return parameter?.slice('charset='.length).replaceAll('"', '')
}

/**
 * Reads a form (`application/x-www-form-urlencoded`). A parameter without a value counts as left out (RFC 6749, section
 * 3.2).
 *
 * @throws INVALID_REQUEST for a parameter that is there twice, or another charset than UTF-8
 */
export function parseForm(contentType: string, body: string): Readonly<Record<string, string>> {
  if (!['utf-8', 'utf8', undefined].includes(charsetOf(contentType))) throw new InvalidRequest()
  const parameters = [...new URLSearchParams(body)]
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) throw new InvalidRequest()
  // Members of their own, whatever their names.
  return Object.fromEntries(parameters.filter(([, value]) => value !== ''))
}
