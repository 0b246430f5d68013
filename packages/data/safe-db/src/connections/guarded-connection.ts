import type { Duplex } from 'node:stream'
import pg from 'pg'
import { firstFrame } from '../core/frames.ts'
import { Handshake, HandshakeProblem } from '../core/handshake.ts'
import type { HandshakePolicy } from '../core/handshake.ts'

/** What the server may say in all before a session is ready, in bytes: errors and notices are short. */
const LONGEST_MESSAGE = 32_768
const LONGEST_HANDSHAKE = 131_072

/** Methods of pg's connection that its types leave out. */
interface Internals {
  attachListeners(stream: Pick<Duplex, 'on'>): void
  password(text: string): void
  sendSASLInitialResponseMessage(mechanism: string, response: string): void
  sendSCRAMClientFinalMessage(text: string): void
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
}

const Base = pg.Connection as unknown as new (
  config: pg.ConnectionConfig & { readonly sslNegotiation?: 'postgres' },
) => pg.Connection & Internals

/**
 * A connection that hears nothing from a server that has not authenticated as agreed, and tells it nothing: pg itself sends
 * its password to any server that asks for it, and accepts one that asks for nothing.
 */
export class GuardedConnection extends Base {
  readonly #handshake: Handshake
  #failed = false

  readonly encrypted: boolean

  constructor(config: pg.ConnectionConfig, policy: HandshakePolicy) {
    super({ ...config, sslNegotiation: 'postgres' })
    this.#handshake = new Handshake(policy)
    this.encrypted = Boolean(config.ssl)
  }

  /** Puts the handshake between the socket and pg's parser, which believes every length and knows no order. */
  override attachListeners(stream: Duplex): void {
    let parse: ((bytes: Buffer) => void) | undefined
    super.attachListeners({
      on(event: string, listener: (bytes: Buffer) => void) {
        if (event === 'data') parse = listener
        else stream.on(event, listener)
        return stream
      },
    } as Pick<Duplex, 'on'>)
    let held: Buffer = Buffer.alloc(0)
    let heard = 0
    stream.on('data', (bytes: Buffer) => {
      try {
        if (this.#handshake.ready) {
          parse?.(bytes)
          return
        }
        heard += bytes.length
        if (heard > LONGEST_HANDSHAKE) throw new HandshakeProblem('it talks without end')
        held = this.#hear(Buffer.concat([held, bytes]), (frame) => parse?.(frame))
      } catch (error) {
        // What is thrown in a listener would end the process.
        this.#fail(error)
      }
    })
  }

  #hear(bytes: Buffer, parse: (bytes: Buffer) => void): Buffer {
    let rest = bytes
    while (!this.#failed && !this.#handshake.ready) {
      const frame = firstFrame(rest, LONGEST_MESSAGE)
      if (frame === undefined) return rest
      if (frame === null) throw new HandshakeProblem('it speaks another protocol')
      rest = rest.subarray(frame.bytes.length)
      if (this.#handshake.hear(frame)) parse(frame.bytes)
      // The server has said why; one that is honest says no more.
      if (frame.type === 'E') this.#close()
    }
    if (!this.#failed && rest.length > 0) parse(rest)
    return Buffer.alloc(0)
  }

  /** Every message and every error of pg passes here. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const name = typeof event === 'string' ? event : ''
    if (name === 'error') {
      const first = !this.#failed
      this.#close()
      return first ? super.emit('error', this.#said(values[0])) : true
    }
    // No authentication is due any more; pg would answer it all the same.
    if (this.#handshake.ready && name.startsWith('authentication')) {
      this.#fail(new HandshakeProblem('it speaks out of turn'))
      return true
    }
    return this.#failed && name !== 'end' ? true : super.emit(event, ...values)
  }

  /** pg's own words of a proof that is wrong hold what the server said. */
  #said(error: unknown): unknown {
    if (this.#handshake.ready || error instanceof HandshakeProblem) return error
    if (!(error instanceof Error) || !error.message.startsWith('SASL')) return error
    return new HandshakeProblem('it did not prove that it knows the password')
  }

  #fail(error: unknown): void {
    this.emit('error', error)
  }

  #close(): void {
    this.#failed = true
    this.stream.destroy()
  }

  /** Called by pg for a server that asks for the password in the clear, or hashed with MD5. */
  override password(text: string): void {
    if (this.#failed) return
    if (this.#handshake.mayTellPassword) super.password(text)
    else this.#fail(new HandshakeProblem('it asks for the password in the clear'))
  }

  override sendSASLInitialResponseMessage(mechanism: string, response: string): void {
    if (!this.#failed) super.sendSASLInitialResponseMessage(mechanism, response)
  }

  /** The proof is made in the background; meanwhile the server may have been refused. */
  override sendSCRAMClientFinalMessage(text: string): void {
    if (this.#failed) return
    this.#handshake.answered()
    super.sendSCRAMClientFinalMessage(text)
  }
}
