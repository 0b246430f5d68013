import type { Classified } from '@portcullis/classification'
import { REMOVED } from '@portcullis/classification'
import { createScopedValue, defineGate, onceRoutesKnown, optionsInUse } from '@portcullis/kernel'
import type { PiiFact } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { InvalidClassificationError } from './errors.ts'
import { useGraphql } from './graphql/use-graphql.ts'
import { bindStream } from './masked-stream.ts'
import { createMasker } from './masker.ts'
import type { Masker } from './masker.ts'
import { piiMaskingOptions } from './options.ts'
import type { PiiMaskingOptions, ResolvedPiiMaskingOptions } from './options.ts'
import { guardExit } from './rest/guard-exit.ts'
import { forgetReply, maskReply } from './rest/mask-reply.ts'
import { createResponsePlans } from './rest/response-plans.ts'

/** The decorator `app.pii`. */
export interface Pii {
  /** A copy of any value, masked for a reader nobody knows. Never throws, never changes the value. */
  mask(value: unknown): unknown
  /** Everything that is classified in this scope; complete once the app is ready. */
  classified(): readonly Classified[]
}

/** The decorator `request.pii`. */
export interface RequestPii extends PiiFact {
  /**
   * A copy of any value, masked for the reader of this request; before the reader is known, for nobody. It counts in
   * the fact as what was answered does.
   */
  mask(value: unknown): unknown
}

const maskers = createScopedValue<Masker>()

function maskerOf(scope: FastifyInstance): Masker {
  const masker = maskers.get(scope)
  if (masker === undefined)
    throw new InvalidClassificationError('pii-masking is not registered in this scope.')
  return masker
}

function decorate(app: FastifyInstance): void {
  if (!app.hasDecorator('pii')) {
    app.decorate('pii', {
      getter(this: FastifyInstance): Pii {
        const masker = maskerOf(this)
        return {
          mask: (value) => masker.toNobody().unknown(value),
          classified: () => masker.classification.all(),
        }
      },
    })
  }
  if (!app.hasRequestDecorator('pii')) {
    app.decorateRequest('pii', {
      getter(this: FastifyRequest): RequestPii {
        const masker = maskerOf(this.server)
        const { masked, revealed, infoTypes } = masker.findingsOf(this)
        return {
          masked,
          revealed,
          infoTypes: [...infoTypes].sort(),
          mask: (value) => {
            const copy = (masker.of(this) ?? masker.toNobody()).unknown(value)
            return copy === REMOVED ? undefined : copy
          },
        }
      },
    })
  }
}

/** A rule for a coordinate that nothing has would hold for nothing. */
function checkCoordinates(masker: Masker, policy: ResolvedPiiMaskingOptions['policy']): void {
  const known = masker.classification.all().map(({ coordinate }) => coordinate)
  const unknown = Object.keys(policy).find((subject) => subject.includes('.') && !known.includes(subject))
  if (unknown === undefined) return
  throw new InvalidClassificationError(
    `policy['${unknown}']: nothing is classified so. Classified are: ${known.filter((one) => one.includes('.')).join(', ') || 'no coordinates'}.`,
  )
}

/** What an outer scope classifies is personal in a scope within it too, whatever that shows to whom. */
function inherit(app: FastifyInstance, { classification }: Masker): void {
  const outer = maskers.get(Object.getPrototypeOf(app) as FastifyInstance)
  if (outer === undefined) return
  const known = new Set(classification.all().map(({ coordinate }) => coordinate))
  for (const { coordinate, infoType } of outer.classification.all())
    if (!known.has(coordinate)) classification.add(coordinate, infoType)
}

async function register(app: FastifyInstance, options: Readonly<ResolvedPiiMaskingOptions>): Promise<void> {
  const masker = createMasker(app, options)
  maskers.set(app, masker)
  if (options.log !== undefined) bindStream(options.log, masker.classification)
  decorate(app)
  const plans = createResponsePlans(masker)
  const { isGraphql, check } = await useGraphql(masker)
  const holds = (request: FastifyRequest): boolean => maskerOf(request.server) === masker
  const masking = { masker, plans, isGraphql, holds }
  app.addHook('preSerialization', maskReply(masking))
  app.addHook('onError', forgetReply(masking))
  app.addHook('onSend', guardExit(masking))
  onceRoutesKnown(app, () => {
    inherit(app, masker)
    plans.compileAll()
    check()
    const inUse = optionsInUse<ResolvedPiiMaskingOptions>(app, 'piiMasking')
    for (const { options: used } of inUse) checkCoordinates(masker, used.policy)
  })
}

/**
 * Masks personal data in answers: one classification, a policy by role, REST and GraphQL.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION
 */
export const piiMasking: FastifyPluginAsync<PiiMaskingOptions> = defineGate<
  PiiMaskingOptions,
  ResolvedPiiMaskingOptions
>({ name: 'piiMasking', package: '@portcullis/pii-masking', options: piiMaskingOptions, register })
