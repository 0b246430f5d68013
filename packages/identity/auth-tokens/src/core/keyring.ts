import { createSigner, createVerifier } from 'fast-jwt'
import type { Algorithm } from './algorithms.ts'
import type { CheckedKey } from './key.ts'

/** A key that can verify, made ready. */
interface Verifier {
  readonly alg: Algorithm
  /** @returns the payload of a token whose signature is right; throws otherwise */
  readonly verify: (token: string) => unknown
}

/** The type of access tokens (RFC 9068, section 2.1), and how it may be written. */
const ACCESS_TYPES: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt'])
/** Headers that are remembered: one for each key, and room for spellings of other libraries. */
const REMEMBERED = 64

function verifierOf({ alg, verifyWith }: CheckedKey): Verifier {
  // Claims are checked by ourselves, since the library checks none that is absent.
  const verify = createVerifier({
    key: verifyWith,
    algorithms: [alg],
    cache: false,
    ignoreExpiration: true,
    ignoreNotBefore: true,
  })
  return { alg, verify: verify as (token: string) => unknown }
}

/** The keys of an app: the first that can sign signs, all verify. It never changes: keys are exchanged all together. */
export class Keyring {
  readonly keys: readonly CheckedKey[]
  readonly #verifiers: ReadonlyMap<string, Verifier>
  readonly #signer: ((claims: object) => string) | undefined
  readonly #headers = new Map<string, Verifier>()

  constructor(keys: readonly CheckedKey[]) {
    this.keys = keys
    this.#verifiers = new Map(keys.map((key) => [key.kid, verifierOf(key)]))
    const own = keys.find(({ signWith }) => signWith !== undefined)
    if (own?.signWith === undefined) return
    const { kid, alg: algorithm, signWith } = own
    const sign = createSigner({ key: signWith, algorithm, kid, header: { alg: algorithm, typ: 'at+jwt' } })
    this.#signer = (claims) => sign(claims)
  }

  /** Whether one of the keys can sign. */
  get signs(): boolean {
    return this.#signer !== undefined
  }

  /** Signs claims as they are. Only where {@link signs} says so. */
  sign(claims: object): string {
    if (this.#signer === undefined) throw new Error('no key signs')
    return this.#signer(claims)
  }

  /** Whether there is a key of that name. */
  has(kid: string): boolean {
    return this.#verifiers.has(kid)
  }

  /**
   * The way to verify a token, from its first part alone: nothing is computed for a token of another type or algorithm
   * or with an unknown key.
   *
   * @param header the first part, in canonical base64url
   * @returns `kid` alone where only the key is unknown
   */
  verifierFor(header: string): Verifier | { readonly kid: string } | undefined {
    const known = this.#headers.get(header)
    if (known !== undefined) return known
    const read = readHeader(header)
    if (read === undefined) return undefined
    const verifier = this.#verifiers.get(read.kid)
    if (verifier === undefined) return { kid: read.kid }
    if (verifier.alg !== read.alg) return undefined
    if (this.#headers.size < REMEMBERED) this.#headers.set(header, verifier)
    return verifier
  }
}

/** What a header says that may be taken; nothing where it asks for what is not supported. */
function readHeader(header: string): { readonly kid: string; readonly alg: string } | undefined {
  try {
    const bytes = Buffer.from(header, 'base64url')
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const read = JSON.parse(text) as Record<string, unknown> | null
    if (typeof read !== 'object' || read === null || 'crit' in read || 'b64' in read) return undefined
    const { typ, kid, alg } = read
    if (typeof typ !== 'string' || !ACCESS_TYPES.has(typ.toLowerCase())) return undefined
    return typeof kid === 'string' && typeof alg === 'string' ? { kid, alg } : undefined
  } catch {
    return undefined
  }
}
