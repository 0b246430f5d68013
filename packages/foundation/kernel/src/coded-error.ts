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
  readonly when: number | 'boot'
}

const definitions = new Map<unknown, Definition>()

/**
 * Defines a coded error.
 *
 * @param code stable: clients and dashboards rely on it
 * @param message with `%s` for what is filled in; it never holds what a client sent
 * @param when the HTTP status where the error answers a request, or `boot` where it keeps the app from starting
 */
export function codedError<const Code extends string>(
  code: Code,
  message: string,
  when: number | 'boot',
): CodedError<Code> {
  const constructor = createError(code, message, when === 'boot' ? 500 : when) as unknown as CodedError<Code>
  definitions.set(constructor, { code, message, when })
  return constructor
}

/** Whether an error was made by {@link codedError}: its message is meant for whoever gets it. */
export function isCodedError(error: unknown): boolean {
  return error instanceof Error && definitions.has(error.constructor)
}

/** The README's table of the coded errors among a module's exports, in Markdown. */
export function errorTable(exported: Record<string, unknown>): string {
  const rows = Object.values(exported)
    .map((value) => definitions.get(value))
    .filter((definition) => definition !== undefined)
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, message, when }) => {
      const told =
        message === '%s' ? 'What is wrong, what it takes and the mend.' : message.replaceAll('%s', '…')
      return `| \`${code}\` | ${when === 'boot' ? 'at boot' : when} | ${told.replaceAll('|', '\\|')} |`
    })
  return ['| code | status | message |', '| --- | --- | --- |', ...rows].join('\n')
}
