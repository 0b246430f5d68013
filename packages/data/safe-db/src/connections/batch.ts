import pg from 'pg'
import type { Encoded } from '../core/values.ts'

/** One statement on the wire. */
export interface WireStatement {
  readonly text: string
  readonly values: readonly Encoded[]
  /** Whether it may change what outlives its transaction. */
  readonly touchesSession?: boolean
  /** After so many rows the answer is {@link Answer.suspended}. Default: all of them. */
  readonly maxRows?: number | undefined
  /** The name of a portal that outlives the packet, in an open transaction. Default: none. */
  readonly portal?: string
  /** Goes on with a portal that was suspended. */
  readonly resume?: boolean
}

/** What one statement answered. */
export interface Answer {
  readonly rows: Record<string, unknown>[]
  /** Rows that were read or changed. */
  readonly rowCount: number
  /** The first word of the command tag, such as `COMMIT`. */
  readonly command: string
  /** Whether `maxRows` were read, and there may be more. */
  readonly suspended: boolean
}

type TypeId = Parameters<typeof pg.types.getTypeParser>[0]

interface Field {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** The methods of pg's connection that are used. They take no further arguments since pg 8. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void; destroy(): void }
  parse(message: { name: string; text: string; types: number[] }): void
  bind(message: { portal: string; statement: string; values: readonly Encoded[] }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: { portal: string; rows: number }): void
  sync(): void
  sendCopyFail(message: string): void
  once(event: 'readyForQuery' | 'end', listener: () => void): unknown
  removeListener(event: 'readyForQuery' | 'end', listener: () => void): unknown
}

/**
 * Statements that go out in one packet with one Sync: one round trip, and one implicit transaction, so that all of them
 * happen or none. Every statement goes through Parse, Bind and Execute, with parameters or without; the simple protocol,
 * which would run several statements of one text, is never used.
 *
 * pg calls the `handle…` methods with the server's answers (its `Submittable` interface, as pg-cursor uses it).
 */
export class Batch implements pg.Submittable {
  readonly done: Promise<readonly Answer[]>
  readonly #statements: readonly WireStatement[]
  readonly #answers: Answer[] = []
  #fields: readonly Field[] = []
  #rows: Record<string, unknown>[] = []
  #failure: unknown
  #resolve: (answers: readonly Answer[]) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(statements: readonly WireStatement[]) {
    this.#statements = statements
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire
    wire.stream.cork()
    try {
      for (const { text, values, portal = '', resume = false, maxRows = 0 } of this.#statements) {
        if (!resume) {
          wire.parse({ name: '', text, types: [] })
          wire.bind({ portal, statement: '', values })
        }
        wire.describe({ type: 'P', name: portal })
        wire.execute({ portal, rows: maxRows })
      }
      wire.sync()
    } catch (error) {
      // Half a packet must not be followed by anything.
      this.#reject(error)
      wire.stream.destroy()
    } finally {
      wire.stream.uncork()
    }
  }

  handleRowDescription(message: { readonly fields: readonly { name: string; dataTypeID: TypeId }[] }): void {
    this.#fields = message.fields.map(({ name, dataTypeID }) => ({
      name,
      parse: pg.types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown,
    }))
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== undefined) return
    try {
      this.#rows.push(this.#toRow(message.fields))
    } catch (error) {
      this.#failure = error
    }
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const [command = '', ...numbers] = message.text.split(' ')
    this.#answered(Number(numbers.at(-1) ?? 0) || 0, command, false)
  }

  handleEmptyQuery(): void {
    this.#answered(0, '', false)
  }

  handleError(error: unknown, connection: pg.Connection): void {
    const { severity } = (error ?? {}) as { severity?: unknown }
    // What the server says has a severity, in its own language. ReadyForQuery follows, and only then the transaction's
    // status is known; or the connection ends.
    if (typeof severity !== 'string') return this.#reject(error)
    const wire = connection as unknown as Wire
    const settle = (): void => {
      wire.removeListener('readyForQuery', settle)
      wire.removeListener('end', settle)
      this.#reject(error)
    }
    wire.once('readyForQuery', settle)
    wire.once('end', settle)
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.#resolve(this.#answers)
    else this.#reject(this.#failure)
  }

  handlePortalSuspended(): void {
    this.#answered(this.#rows.length, '', true)
  }

  handleCopyInResponse(connection: pg.Connection): void {
    ;(connection as unknown as Wire).sendCopyFail('COPY is not supported')
  }

  handleCopyData(): void {
    // What COPY would send; statements of that kind are not run.
  }

  #answered(rowCount: number, command: string, suspended: boolean): void {
    this.#answers.push({ rows: this.#rows, rowCount, command, suspended })
    this.#rows = []
    this.#fields = []
  }

  #toRow(values: readonly (string | null)[]): Record<string, unknown> {
    const row: Record<string, unknown> = {}
    for (const [index, { name, parse }] of this.#fields.entries()) {
      const text = values[index] ?? null
      const value = text === null ? null : parse(text)
      // A column may be named so, and an assignment would set the prototype.
      if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true })
      else row[name] = value
    }
    return row
  }
}
