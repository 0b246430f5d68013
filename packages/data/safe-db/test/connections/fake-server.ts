import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'

/** A message of the client. Of the start-up message and the request for TLS, the type is empty. */
interface ClientMessage {
  readonly type: string
  readonly body: Buffer
}

/** One connection of a client, from the side of the server. */
export class Visit {
  #socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #wake: () => void = () => undefined
  readonly #taken: Buffer[] = []
  /** Settles when the client has closed it, or we have. */
  readonly over: Promise<unknown>
  /** Types of all messages after the start-up message. */
  types = ''

  constructor(socket: Socket) {
    this.#socket = socket
    this.over = new Promise((resolve) => socket.once('close', resolve))
    this.#listen(socket)
  }

  /** All that the client said and that TLS did not hide. */
  get received(): Buffer {
    return Buffer.concat(this.#taken)
  }

  #listen(socket: Socket): void {
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      this.#taken.push(bytes)
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#wake()
    })
    socket.on('close', () => this.#wake())
  }

  async #atLeast(length: number): Promise<void> {
    while (this.#bytes.length < length) {
      if (this.#socket.destroyed) throw new Error('the client is gone')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async #message(header: 0 | 1): Promise<ClientMessage> {
    await this.#atLeast(header + 4)
    const end = header + this.#bytes.readUInt32BE(header)
    await this.#atLeast(end)
    const type = this.#bytes.subarray(0, header).toString('latin1')
    const body = this.#bytes.subarray(header + 4, end)
    this.#bytes = this.#bytes.subarray(end)
    this.types += type
    return { type, body }
  }

  /** The start-up message, or the request for TLS that comes before it. */
  start(): Promise<ClientMessage> {
    return this.#message(0)
  }

  next(): Promise<ClientMessage> {
    return this.#message(1)
  }

  send(...bytes: readonly Buffer[]): void {
    if (this.#socket.writable) this.#socket.write(Buffer.concat(bytes))
  }

  end(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Agrees to TLS, and sees what the client says through it. */
  async upgrade(options: SecureContextOptions): Promise<void> {
    await this.start()
    this.send(Buffer.from('S'))
    this.#socket.removeAllListeners('data')
    const secure = new TLSSocket(this.#socket, { isServer: true, ...options })
    this.#socket = secure
    this.#listen(secure)
    await Promise.race([once(secure, 'secure'), this.over])
  }
}

/** A message: its type, and what it holds. */
export function message(type: string, body: Buffer | string = ''): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const header = Buffer.alloc(5)
  header.write(type, 'latin1')
  header.writeUInt32BE(content.length + 4, 1)
  return Buffer.concat([header, content])
}

/** A message about authentication. */
export function auth(code: number, body: Buffer | string = ''): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(code)
  return message('R', Buffer.concat([header, Buffer.from(body)]))
}

/** An error or notice with its fields. */
export function complaint(type: 'E' | 'N', fields: Readonly<Record<string, string>>): Buffer {
  const texts = Object.entries(fields).map(([letter, text]) => `${letter}${text}\0`)
  return message(type, `${texts.join('')}\0`)
}

export const OK = auth(0)
export const READY = message('Z', 'I')
export const KEY = message('K', Buffer.alloc(8, 7))
export const parameter = (name: string, value: string): Buffer => message('S', `${name}\0${value}\0`)
/** What follows when a client is accepted. */
export const WELCOME = Buffer.concat([OK, parameter('client_encoding', 'UTF8'), KEY, READY])
export const offer = (...mechanisms: readonly string[]): Buffer =>
  auth(10, `${mechanisms.map((name) => `${name}\0`).join('')}\0`)
export const SCRAM_OFFER = offer('SCRAM-SHA-256')

/** The parts of SCRAM that the server says, to be told wrongly. */
export interface Challenge {
  readonly nonce: (client: string) => string
  readonly salt: string
  readonly iterations: string
}

const HONEST: Challenge = {
  nonce: (client) => `${client}${randomBytes(12).toString('base64')}`,
  salt: randomBytes(16).toString('base64'),
  iterations: '4096',
}

/** Offers SCRAM and answers the client's first message with a challenge. */
export async function challenge(visit: Visit, parts: Partial<Challenge> = {}, mechanisms = SCRAM_OFFER) {
  visit.send(mechanisms)
  const { body } = await visit.next()
  const [, bare = ''] = /,,(n=.*)$/s.exec(body.toString('utf8')) ?? []
  const { nonce, salt, iterations } = { ...HONEST, ...parts }
  const first = `r=${nonce(bare.replace(/^n=[^,]*,r=/, ''))},s=${salt},i=${iterations}`
  visit.send(auth(11, first))
  return { bare, first, salt, iterations: Number(iterations) }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Does all of SCRAM as it should be done; what follows is up to the caller. */
export async function authenticate(
  visit: Visit,
  password: string,
  final: (signature: string) => string = (signature) => `v=${signature}`,
): Promise<void> {
  const { bare, first, salt, iterations } = await challenge(visit)
  const { body } = await visit.next()
  const [withoutProof = '', proof = ''] = body.toString('utf8').split(',p=')
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
  const exchanged = `${bare},${first},${withoutProof}`
  const key = hmac(salted, 'Client Key')
  const signature = hmac(createHash('sha256').update(key).digest(), exchanged)
  const expected = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64')
  if (proof !== expected) throw new Error('the client has proved nothing')
  visit.send(auth(12, final(hmac(hmac(salted, 'Server Key'), exchanged).toString('base64'))))
}

/** Answers the check at boot as a good server does. */
export async function serve(visit: Visit): Promise<never> {
  let text = ''
  for (;;) {
    const { type, body } = await visit.next()
    if (type === 'P') text = body.toString('utf8')
    if (type !== 'S') continue
    const column = Buffer.from('0001616e7377657200000000000000000000100001000000000000', 'hex')
    const row = Buffer.from(`000100000001${text.includes('timeout') ? '74' : '66'}`, 'hex')
    visit.send(message('1'), message('2'), message('T', column), message('D', row))
    visit.send(message('C', 'SELECT 1\0'), READY)
  }
}

/** A server that says what its script says. */
export class FakeServer {
  readonly #server: Server
  readonly visits: Visit[] = []

  private constructor(script: (visit: Visit) => unknown) {
    this.#server = createServer((socket) => {
      const visit = new Visit(socket)
      this.visits.push(visit)
      // A client that goes away ends its script.
      void Promise.resolve(script(visit)).catch(() => undefined)
    })
  }

  static async start(script: (visit: Visit) => unknown): Promise<FakeServer> {
    const server = new FakeServer(script)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const visit of this.visits) visit.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
