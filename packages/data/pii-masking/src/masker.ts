import { createHmac } from 'node:crypto'
import { createClassification } from '@portcullis/classification'
import type { Classification, InfoType, KeyedHash } from '@portcullis/classification'
import { routeOption } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Disclosure, Findings } from './core/disclosure.ts'
import type { Viewer } from './core/policy.ts'
import { InvalidClassificationError } from './errors.ts'
import type { ResolvedPiiMaskingOptions } from './options.ts'

function keyedHash(key: string): KeyedHash {
  return (infoType: InfoType, text: string) =>
    createHmac('sha256', key).update(`${infoType}\0${text}`).digest('base64url')
}

/** Runs what may find a classification wrong, so that the app does not start with it. */
export function classifying<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new InvalidClassificationError((error as Error).message)
  }
}

/** What one registration of pii-masking knows. */
export interface Masker {
  readonly scope: FastifyInstance
  readonly options: Readonly<ResolvedPiiMaskingOptions>
  readonly classification: Classification
  /** The disclosure of a request, created when first asked for; `undefined` where its route switches masking off. */
  of(request: FastifyRequest): Disclosure | undefined
  /** The disclosure of what another gate withholds from the reader, also where the route switches masking off. */
  withheldFrom(request: FastifyRequest | undefined): Disclosure
  /** What was decided for a request so far. */
  findingsOf(request: FastifyRequest): Findings
  /** The disclosure to a reader nobody knows. */
  toNobody(): Disclosure
  /** Finds out who reads. Whoever cannot be identified is an unknown reader. */
  resolve(request: FastifyRequest): Promise<void>
}

/** Creates what a registration of pii-masking decides with. */
export function createMasker(scope: FastifyInstance, options: Readonly<ResolvedPiiMaskingOptions>): Masker {
  const classification = classifying(() => createClassification(options.classify))
  const hash = options.hashKey === undefined ? undefined : keyedHash(options.hashKey)
  const disclosures = new WeakMap<FastifyRequest, Disclosure>()
  const withheld = new WeakMap<FastifyRequest, Disclosure>()
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  const findings = new WeakMap<FastifyRequest, Findings>()

  function findingsOf(request: FastifyRequest): Findings {
    const found = findings.get(request) ?? new Findings()
    findings.set(request, found)
    return found
  }

  return {
    scope,
    options,
    classification,
    of(request) {
      const known = disclosures.get(request)
      if (known !== undefined) return known
      const { policy, fallback } = routeOption<ResolvedPiiMaskingOptions>(request, 'piiMasking') || {}
      if (policy === undefined || fallback === undefined) return undefined
      const rules = { classification, policy, fallback, hash }
      const disclosure = new Disclosure(rules, viewers.get(request), findingsOf(request))
      // Before the reader is known, nothing may be remembered of what an unknown one gets.
      if (viewers.has(request)) disclosures.set(request, disclosure)
      return disclosure
    },
    withheldFrom(request) {
      const known = request === undefined ? undefined : withheld.get(request)
      if (known !== undefined) return known
      const own =
        request === undefined ? false : routeOption<ResolvedPiiMaskingOptions>(request, 'piiMasking')
      const { policy, fallback } = own === false ? options : own
      const found = request === undefined ? new Findings() : findingsOf(request)
      const disclosure = new Disclosure({ classification, policy, fallback, hash }, 'withheld', found)
      if (request !== undefined) withheld.set(request, disclosure)
      return disclosure
    },
    findingsOf,
    toNobody: () => new Disclosure({ ...options, classification, hash }, undefined),
    async resolve(request) {
      const principal = await request.resolvePrincipal().catch(() => undefined)
      const viewer = principal === undefined || principal.kind === 'anonymous' ? undefined : principal
      if (!viewers.has(request) || (viewers.get(request) === undefined && viewer !== undefined)) {
        viewers.set(request, viewer)
        disclosures.delete(request)
      }
    },
  }
}
