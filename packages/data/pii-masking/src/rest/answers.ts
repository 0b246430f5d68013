import { REMOVED } from '@portcullis/classification'
import { recordRefusal, routeRecordOf } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { applyPlan } from '../core/apply-plan.ts'
import { cleanTexts, sentValues } from '../core/clean-texts.ts'
import type { SentValues } from '../core/clean-texts.ts'
import type { Disclosure } from '../core/disclosure.ts'
import { PiiFieldForbidden } from '../errors.ts'
import type { Masker } from '../masker.ts'
import type { ResponsePlans } from './response-plans.ts'

/** What the hooks of a scope need. */
export interface ReplyMasking {
  readonly masker: Masker
  readonly plans: ResponsePlans
  /** Whether GraphQL's own field masks guard this request's answer. */
  readonly isGraphql: (request: FastifyRequest) => boolean
  /** Whether this registration is the innermost of the request's scope; the outer ones leave the answer to it. */
  readonly holds: (request: FastifyRequest) => boolean
}

/** Variables of an operation that came in the URL are a text of JSON. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('variables' in value)) return value
  const { variables } = value
  if (typeof variables !== 'string') return value
  try {
    return [value, JSON.parse(variables) as unknown]
  } catch {
    return value
  }
}

/** What a request sent under classified names. */
export function sentBy({ body, query, params }: FastifyRequest, to: Disclosure): SentValues {
  return sentValues([parsed(body), parsed(query), params], to)
}

type GraphqlAnswer = Readonly<Record<string, unknown>>

function isGraphqlAnswer(value: unknown): value is GraphqlAnswer {
  if (typeof value !== 'object' || value === null) return false
  return ['data', 'errors'].some((key) => Object.hasOwn(value, key))
}

/** Of an answer of GraphQL, `data` is masked field by field; errors and extensions are written by anybody. */
function maskGraphql(answer: unknown, request: FastifyRequest, to: Disclosure): unknown {
  if (Array.isArray(answer)) return answer.map((one: unknown) => maskGraphql(one, request, to))
  if (!isGraphqlAnswer(answer)) return to.unknown(answer)
  const { data, errors, ...others } = answer
  const masked: Record<string, unknown> = { ...(to.unknown(others) as object) }
  if (data !== undefined) masked['data'] = data
  if (Array.isArray(errors)) {
    // JSON asks an error of graphql what it wants to be.
    const plain = to.unknown(errors)
    masked['errors'] = cleanTexts(plain, sentBy(request, to), to)
  } else if (errors !== undefined) masked['errors'] = to.unknown(errors)
  return masked
}

/** A masked copy of an answer: by the plan of its schema, else by names; the texts of an error are cleaned as well. */
export function maskAnswer(
  { plans, isGraphql }: ReplyMasking,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: unknown,
  to: Disclosure,
): unknown {
  if (isGraphql(request)) return maskGraphql(answer, request, to)
  const responses = plans.for(routeRecordOf(request), reply.statusCode)
  const masked =
    responses.length === 0
      ? to.unknown(answer)
      : responses.reduce((value, { plan }) => applyPlan(plan, value, to), answer)
  const shown = masked === REMOVED ? null : masked
  return reply.statusCode < 400 ? shown : cleanTexts(shown, sentBy(request, to), to)
}

/** @throws PII_FIELD_FORBIDDEN where something of the answer must not be seen by this reader */
export async function stopIfRejected(request: FastifyRequest, { findings }: Disclosure): Promise<void> {
  const [first] = findings.rejected
  if (first === undefined) return
  const error = new PiiFieldForbidden()
  const details = { permission: `pii:${first}` }
  const event = { type: 'authz.denied', severity: 'WARNING', details } as const
  await recordRefusal(request, { gate: 'piiMasking', error, event })
  throw error
}
