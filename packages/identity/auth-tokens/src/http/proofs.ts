import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { readProof } from '../core/dpop-proof.ts'
import { Replays } from '../core/replays.ts'
import type { ResolvedAuthTokensOptions } from '../options.ts'

/** Proofs that a process remembers: some ten megabytes, and more than it can check while they are valid. */
const MOST_REMEMBERED = 100_000

/** Whether a request brings a proof of possession, valid or not. */
export function bringsProof({ headers }: FastifyRequest): boolean {
  return headers['dpop'] !== undefined
}

/** Checks the DPoP proofs of requests, each of which this process takes once. */
export class Proofs {
  readonly #settings: Pick<ResolvedAuthTokensOptions, 'dpopOrigins' | 'dpopMaxAge' | 'clockTolerance'>
  readonly #replays = new Replays(MOST_REMEMBERED)
  /** What requests have proved: the operations of a socket come with one request, and one proof. */
  readonly #proved = new WeakMap<IncomingMessage, { readonly jkt: string; readonly accessToken?: string }>()

  constructor(settings: Pick<ResolvedAuthTokensOptions, 'dpopOrigins' | 'dpopMaxAge' | 'clockTolerance'>) {
    this.#settings = settings
  }

  /**
   * The key that the sender of a request proves to have. Who asks again about a request gets the same answer.
   *
   * @param accessToken that comes with it
   * @returns its SHA-256 thumbprint; nothing where the proof is missing, not valid or was used before
   */
  async keyOf(request: FastifyRequest, accessToken?: string): Promise<string | undefined> {
    const before = this.#proved.get(request.raw)
    if (before !== undefined && before.accessToken === accessToken) return before.jkt
    const header = request.headers['dpop']
    // Two headers come as one with a comma, which is no proof.
    if (typeof header !== 'string') return undefined
    const { dpopOrigins: origins, dpopMaxAge, clockTolerance } = this.#settings
    const proof = await readProof(header, {
      method: request.method,
      // Not the Host header: its sender chooses it, and a proof for another server would do here.
      origins,
      path: request.originalUrl.split('?', 1)[0] ?? '',
      maxAge: dpopMaxAge / 1000,
      clockTolerance: clockTolerance / 1000,
      accessToken,
    })
    if (proof === undefined || !this.#replays.isFirst(proof, Date.now())) return undefined
    const { jkt } = proof
    this.#proved.set(request.raw, accessToken === undefined ? { jkt } : { jkt, accessToken })
    return jkt
  }
}
