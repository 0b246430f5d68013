import createError from '@fastify/error'
import type { FastifyError } from '@fastify/error'

/** Makes errors of one code. The arguments fill the `%s` of the message, in order. */
export type CodedError<Code extends string> = {
  new (...values: (string | number)[]): FastifyError & { readonly code: Code; readonly statusCode: number }
  readonly prototype: FastifyError
}

interface Definition {
  readonly code: string
  readonly message: string
  readonly statusCode: number
}

const definitions = new Map<unknown, Definition>()

/**
 * Defines a coded error.
 *
 * @param code stable: clients and dashboards rely on it
 * @param message with `%s` for what is filled in; it never holds what a client sent
 * @param statusCode the HTTP status where the error answers a request; 500 for errors at boot
 */
export function codedError<const Code extends string>(
  code: Code,
  message: string,
  statusCode: number,
): CodedError<Code> {
  const constructor = createError(code, message, statusCode) as unknown as CodedError<Code>
  definitions.set(constructor, { code, message, statusCode })
  return constructor
}

/** The README's table of the coded errors among a module's exports, in Markdown. */
export function errorTable(exported: Record<string, unknown>): string {
  const rows = Object.values(exported)
    .map((value) => definitions.get(value))
    .filter((definition) => definition !== undefined)
    .map(({ code, message, statusCode }) => {
      const when = code.startsWith('PORTCULLIS_') && statusCode === 500 ? 'at boot' : String(statusCode)
      return `| \`${code}\` | ${when} | ${message.replaceAll('%s', '…').replaceAll('|', '\\|')} |`
    })
  return ['| code | status | message |', '| --- | --- | --- |', ...rows].join('\n')
}
