import type pg from 'pg'
import type { Encoded } from '../core/values.ts'
import { Prepared } from './prepared.ts'
import type { Plan } from './prepared.ts'
import { noRow, rowOf } from './rows.ts'
import type { Column, Row } from './rows.ts'

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
  /** Nobody wants to see its rows. */
  readonly discard?: boolean
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

/** The methods of pg's connection that are used. They take no further arguments since pg 8. */
interface Wire {
  readonly stream: Packet
  parse(message: { name: string; text: string; types: number[] }): void
  bind(message: { portal: string; statement: string; values: readonly Encoded[] }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: { portal: string; rows: number }): void
  close(message: { type: 'S'; name: string }): void
  sync(): void
  sendCopyFail(message: string): void
}

interface Socket {
  readonly writable: boolean
  write(bytes: Buffer): boolean
  destroy(): void
}

/** Takes the place of the socket while a packet is put together: one write is much cheaper than one for each message. */
class Packet {
  readonly writable = true
  #chunks: Buffer[] = []

  write(bytes: Buffer): boolean {
    return this.#chunks.push(bytes) > 0
  }

  take(): Buffer {
    const chunks = this.#chunks
    this.#chunks = []
    return Buffer.concat(chunks)
  }
}

/** What a connection of pg is to a batch. */
interface Session {
  /** The connection, but what it sends stays in its packet. */
  readonly wire: Wire
  readonly prepared: Prepared
}

const sessions = new WeakMap<pg.Connection, Session>()

function sessionOf(connection: pg.Connection): Session {
  const known = sessions.get(connection)
  if (known !== undefined) return known
  const wire = Object.create(connection, { stream: { value: new Packet() } }) as Wire
  const session = { wire, prepared: new Prepared() }
  sessions.set(connection, session)
  return session
}

const NEVER: Plan = { name: '', known: false, row: undefined }

/**
 * Statements that go out in one packet with one Sync: one round trip, and one implicit transaction, so that all of them
 * happen or none. Every statement goes through Parse, Bind and Execute, with parameters or without; the simple protocol,
 * which would run several statements of one text, is never used. What the server has prepared is not parsed again, nor
 * described: it fails rather than answer with other columns.
 *
 * pg calls the `handle…` methods with the server's answers (its `Submittable` interface, as pg-cursor uses it).
 */
export class Batch implements pg.Submittable {
  readonly done: Promise<readonly Answer[]>
  readonly #statements: readonly WireStatement[]
  readonly #planKey: string | undefined
  readonly #answers: Answer[] = []
  readonly #plans: Plan[] = []
  #prepared: Prepared | undefined
  #row: Row = noRow
  #rows: Record<string, unknown>[] = []
  #failure: unknown
  #resolve: (answers: readonly Answer[]) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  /**
   * @param planKey where statements that come again are prepared: what tells apart the same text under another role or
   * search path
   */
  constructor(statements: readonly WireStatement[], planKey?: string) {
    this.#statements = statements
    this.#planKey = planKey
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Waits no longer: what comes still is heard, and told to nobody. */
  abandon(error: Error): void {
    this.#reject(error)
  }

  /** How many statements were answered before the first that was not. */
  get answered(): number {
    return this.#answers.length
  }

  /** Whether what failed was that a prepared statement is not what it was: sent again, it is parsed anew. */
  isOutdated(error: unknown): boolean {
    const { code, routine } = (error ?? {}) as { code?: unknown; routine?: unknown }
    const knew = this.#plans[this.answered]?.known === true
    return knew && (code === '26000' || (code === '0A000' && routine === 'RevalidateCachedQuery'))
  }

  submit(connection: pg.Connection): void {
    const { wire, prepared } = sessionOf(connection)
    const socket = connection.stream as Socket
    this.#prepared = prepared
    try {
      // First, since a server skips what comes after a statement that failed.
      for (const name of prepared.takeUnused()) wire.close({ type: 'S', name })
      for (const statement of this.#statements) this.#send(wire, statement)
      wire.sync()
      const packet = wire.stream.take()
      if (socket.writable) socket.write(packet)
    } catch (error) {
      // What cannot be written is not to be followed by what was to come after it.
      wire.stream.take()
      this.#reject(error)
      socket.destroy()
    }
    this.#row = this.#plans[0]?.row ?? noRow
  }

  #send(wire: Wire, statement: WireStatement): void {
    const { text, values, portal = '', resume = false, maxRows = 0, discard = false } = statement
    const isPrepared = this.#planKey !== undefined && !resume
    const plan = (isPrepared ? this.#prepared?.planOf(text, this.#planKey ?? '') : undefined) ?? NEVER
    const parsed = plan.known || (plan.name !== '' && this.#plans.includes(plan))
    this.#plans.push(plan)
    if (!resume) {
      if (!parsed) wire.parse({ name: plan.name, text, types: [] })
      wire.bind({ portal, statement: plan.name, values })
    }
    if (!plan.known && !discard) wire.describe({ type: 'P', name: portal })
    wire.execute({ portal, rows: maxRows })
  }

  handleRowDescription(message: { readonly fields: readonly Column[] }): void {
    this.#row = rowOf(message.fields)
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== undefined || this.#row === noRow) return
    try {
      this.#rows.push(this.#row(message.fields))
    } catch (error) {
      this.#failure = error
    }
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const { text } = message
    const first = text.indexOf(' ')
    const command = first === -1 ? text : text.slice(0, first)
    this.#answer(Number(text.slice(text.lastIndexOf(' ') + 1)) || 0, command, false)
  }

  handleEmptyQuery(): void {
    this.#answer(0, '', false)
  }

  handleError(error: unknown, connection: pg.Connection): void {
    this.#prepared?.forget(this.#plans.filter((plan) => !plan.known))
    if (this.isOutdated(error)) this.#prepared?.forget(this.#plans.slice(this.answered, this.answered + 1))
    const { severity } = (error ?? {}) as { severity?: unknown }
    // What the server says has a severity, in its own language. ReadyForQuery follows, and only then the transaction's
    // status is known; or the connection ends.
    if (typeof severity !== 'string') return this.#reject(error)
    const settle = (): void => {
      connection.removeListener('readyForQuery', settle)
      connection.removeListener('end', settle)
      this.#reject(error)
    }
    connection.once('readyForQuery', settle)
    connection.once('end', settle)
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.#resolve(this.#answers)
    else this.#reject(this.#failure)
  }

  handlePortalSuspended(): void {
    this.#answer(this.#rows.length, '', true)
  }

  handleCopyInResponse(connection: pg.Connection): void {
    ;(connection as unknown as Wire).sendCopyFail('COPY is not supported')
  }

  handleCopyData(): void {
    // What COPY would send; statements of that kind are not run.
  }

  #answer(rowCount: number, command: string, suspended: boolean): void {
    const plan = this.#plans[this.#answers.length]
    if (plan !== undefined) this.#prepared?.learn(plan, this.#row)
    this.#answers.push({ rows: this.#rows, rowCount, command, suspended })
    this.#rows = []
    this.#row = this.#plans[this.#answers.length]?.row ?? noRow
  }
}
