import { stringsOf } from './frames.ts'
import type { Frame } from './frames.ts'

/** How the server has to ask who we are. */
export interface HandshakePolicy {
  /** `password`: in the clear, for tokens; `none`: the server need not ask, and a client certificate may tell. */
  readonly method: 'scram-sha-256' | 'password' | 'none'
  /** Whether a server that could bind its proof to the TLS connection must do so. */
  readonly channelBinding: 'require' | 'prefer' | 'disable'
  /** How often the server may ask for the password to be hashed. */
  readonly iterations: { readonly min: number; readonly max: number }
}

/** Why a server is not talked to, in words that hold nothing of what was sent or received. */
export class HandshakeProblem extends Error {}

const SCRAM = 'SCRAM-SHA-256'
/** Names of RFC 5802's attributes: nonce, salt, iteration count. */
const SERVER_FIRST = /^r=[\x21-\x2b\x2d-\x7e]{1,1024},s=[A-Za-z0-9+/]{4,1024}={0,2},i=([1-9]\d{0,9})$/
const SERVER_FINAL = /^v=[A-Za-z0-9+/]{40,1024}={0,2}$/
const REFUSED_METHODS: Readonly<Record<number, string>> = {
  2: 'Kerberos 5',
  5: 'an MD5 hash',
  6: 'SCM credentials',
  7: 'GSSAPI',
  8: 'GSSAPI',
  9: 'SSPI',
}

function refuse(problem: string): never {
  throw new HandshakeProblem(problem)
}

/**
 * What a server may say until a session is ready, message for message: it has to ask for what was agreed, prove that it
 * knows the password, accept, and nothing else and in no other order. It is asked before the driver hears a message, which
 * would do whatever it is told.
 */
export class Handshake {
  readonly #policy: HandshakePolicy
  #state: 'begun' | 'offered' | 'challenged' | 'answered' | 'proved' | 'accepted' | 'ready' | 'failed' =
    'begun'

  constructor(policy: HandshakePolicy) {
    this.#policy = policy
  }

  /** Whether the server may be given a password in the clear now. */
  get mayTellPassword(): boolean {
    return this.#policy.method === 'password' && this.#state === 'proved'
  }

  get ready(): boolean {
    return this.#state === 'ready'
  }

  /** The client has sent its proof. */
  answered(): void {
    if (this.#state !== 'challenged') refuse('it wants a proof that was not asked for')
    this.#state = 'answered'
  }

  /**
   * Judges a message.
   *
   * @returns whether the driver should hear it
   * @throws HandshakeProblem
   */
  hear({ type, body }: Frame): boolean {
    switch (type) {
      case 'R':
        this.#authentication(body)
        return true
      case 'E':
        checkFields(body)
        this.#state = 'failed'
        return true
      case 'N':
        checkFields(body)
        return false
      case 'S':
        this.#parameter(body)
        return true
      case 'K':
        if (this.#state !== 'accepted' || body.length !== 8) refuse('it speaks out of turn')
        return true
      case 'Z':
        if (this.#state !== 'accepted' || body.toString('latin1') !== 'I') refuse('it speaks out of turn')
        this.#state = 'ready'
        return true
      default:
        return refuse('it speaks another protocol')
    }
  }

  #parameter(body: Buffer): void {
    const [name, value, ...more] = stringsOf(body) ?? []
    if (this.#state !== 'accepted' || value === undefined || more.length > 0) refuse('it speaks out of turn')
    // In another encoding, a value could have another meaning than the one that was checked.
    if (name === 'client_encoding' && value !== 'UTF8') refuse('it speaks another encoding than UTF8')
    if (name === 'standard_conforming_strings' && value !== 'on')
      refuse('its standard_conforming_strings is off')
  }

  #authentication(body: Buffer): void {
    if (body.length < 4) refuse('it speaks another protocol')
    const code = body.readUInt32BE(0)
    const rest = body.subarray(4)
    if (code === 0) return this.#ok(rest)
    if (code === 3) return this.#cleartext(rest)
    if (code === 10) return this.#offer(rest)
    if (code === 11) return this.#challenge(rest.toString('utf8'))
    if (code === 12) return this.#proof(rest.toString('utf8'))
    return refuse(`it asks for ${REFUSED_METHODS[code] ?? 'something unknown'}, which is not given`)
  }

  #ok(rest: Buffer): void {
    if (rest.length > 0) refuse('it speaks another protocol')
    const asked = this.#state === 'proved' || (this.#state === 'begun' && this.#policy.method === 'none')
    if (!asked) refuse('it accepts us without having proved that it knows the password')
    this.#state = 'accepted'
  }

  #cleartext(rest: Buffer): void {
    if (this.#policy.method !== 'password') refuse('it asks for the password in the clear')
    if (this.#state !== 'begun' || rest.length > 0) refuse('it speaks out of turn')
    this.#state = 'proved'
  }

  #offer(rest: Buffer): void {
    if (this.#state !== 'begun') refuse('it speaks out of turn')
    if (this.#policy.method !== 'scram-sha-256')
      refuse(`it asks for ${SCRAM}, and requireAuth is '${this.#policy.method}'`)
    const names = stringsOf(rest)
    // The list ends with an empty name.
    if (names?.at(-1) !== '') return refuse('it speaks another protocol')
    const { channelBinding } = this.#policy
    const bound = channelBinding !== 'disable' && names.includes(`${SCRAM}-PLUS`)
    if (channelBinding === 'require' && !bound)
      refuse('it does not offer to bind its proof to the TLS connection (SCRAM-SHA-256-PLUS)')
    if (!bound && !names.includes(SCRAM)) refuse(`it does not offer ${SCRAM}`)
    this.#state = 'offered'
  }

  #challenge(text: string): void {
    if (this.#state !== 'offered') refuse('it speaks out of turn')
    const count = SERVER_FIRST.exec(text)?.[1]
    if (count === undefined) return refuse('its challenge is none')
    const { min, max } = this.#policy.iterations
    if (Number(count) < min)
      refuse(`it wants the password hashed less than ${min} times, which is easily undone`)
    if (Number(count) > max) refuse(`it wants the password hashed more than ${max} times`)
    this.#state = 'challenged'
  }

  #proof(text: string): void {
    if (this.#state !== 'answered') refuse('it speaks out of turn')
    if (!SERVER_FINAL.test(text)) refuse('it did not prove that it knows the password')
    this.#state = 'proved'
  }
}

/** The fields of an error or notice: a letter and a string each, and an empty one at the end. */
function checkFields(body: Buffer): void {
  const fields = stringsOf(body)
  if (fields?.at(-1) !== '' || fields.slice(0, -1).includes('')) refuse('it speaks another protocol')
}
