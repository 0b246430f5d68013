import type { FieldCall, FieldHandler, FieldTarget } from '@portcullis/graphql-gate'
import type { FastifyRequest } from 'fastify'
import { GraphQLError, isNonNullType } from 'graphql'
import { FieldAuthorizationError, InsufficientUserAuthentication, InvalidPolicyError } from '../errors.ts'
import { settleBy } from '../judgement.ts'
import type { Reason } from '../judgement.ts'
import { isFirst } from '../registration.ts'
import type { Registration } from '../registration.ts'
import { fieldAccessOf, resolveFieldAccess } from './field-access.ts'
import type { FieldAccess, FieldGuard, FieldJudgements } from './field-access.ts'
import { rulesOf } from './rules.ts'
import type { GuardingRule } from './rules.ts'

type Next = () => unknown

/** The error of a field: a GraphQL error, since no server may take it for a fault of its own. */
function errorFor(reason: Reason, { maxAge, acr }: GuardingRule): GraphQLError {
  if (reason !== 'stale') {
    const { message, code, statusCode } = new FieldAuthorizationError()
    return new GraphQLError(message, { extensions: { code, status: statusCode } })
  }
  const { message, code, statusCode } = new InsufficientUserAuthentication()
  const stepUp = {
    ...(maxAge === undefined ? {} : { maxAge: Math.floor(maxAge / 1000) }),
    ...(acr === undefined ? {} : { acrValues: acr }),
  }
  return new GraphQLError(message, { extensions: { code, status: statusCode, ...stepUp } })
}

/** Publishes a denial, once for a request and field. */
function tellDenied(
  registration: Registration,
  call: FieldCall,
  guard: FieldGuard,
  rule: GuardingRule,
  mode: FieldAccess['mode'],
): void {
  const { request } = call
  if (request !== undefined && !isFirst(request, `denied ${guard.coordinate}`)) return
  const details = {
    permission: rule.permission,
    roles: rule.role,
    field: guard.coordinate,
    code: 'FIELD_AUTHORIZATION_ERROR',
  }
  const outcome = mode === 'measure' ? 'measured' : 'refused'
  const event = { type: 'authz.denied', severity: 'WARNING', outcome, details } as const
  void registration.scope.securityEvents.publish(event, request)
}

/** One call of a guarded field, rule by rule. It waits for nothing but what scope resolvers wait for. */
class GuardedCall {
  readonly #registration: Registration
  readonly #guard: FieldGuard
  readonly #call: FieldCall
  readonly #next: Next
  readonly #access: FieldAccess

  constructor(
    registration: Registration,
    guard: FieldGuard,
    call: FieldCall,
    next: Next,
    access: FieldAccess,
  ) {
    this.#registration = registration
    this.#guard = guard
    this.#call = call
    this.#next = next
    this.#access = access
  }

  run(judgements: FieldJudgements, from = 0): unknown {
    for (let index = from; index < judgements.length; index++) {
      const judgement = judgements[index]
      const rule = this.#guard.rules[index]
      if (judgement === undefined || rule === undefined || judgement.outcome === 'allow') continue
      if (judgement.outcome === 'deny') {
        if (this.#stops(judgement.reason, rule)) return null
        continue
      }
      const { request, source, args, info } = this.#call
      if (request === undefined) continue
      const settled = settleBy(this.#registration, judgement.verdict, request, source, { args, info })
      if (typeof settled !== 'boolean')
        return settled.then((isIn) =>
          !isIn && this.#stops('outside', rule) ? null : this.run(judgements, index + 1),
        )
      if (!settled && this.#stops('outside', rule)) return null
    }
    if (!this.#call.withheld) this.#access.tellAllowed(this.#guard, judgements)
    return this.#next()
  }

  /**
   * Denies the field as its rule says.
   *
   * @returns whether it is null; a field that is masked, or only measured, goes on
   */
  #stops(reason: Reason, rule: GuardingRule): boolean {
    const { mode } = this.#access
    tellDenied(this.#registration, this.#call, this.#guard, rule, mode)
    if (mode === 'measure') return false
    if (rule.onDenied === 'reject') throw errorFor(reason, rule)
    if (rule.onDenied === 'mask') this.#call.withheld = true
    return rule.onDenied === 'null'
  }
}

/** The app's own call, on nobody's behalf: nobody may have what somebody has to be known for. */
function denyNobody(registration: Registration, guard: FieldGuard, call: FieldCall, next: Next): unknown {
  const [rule] = guard.rules
  if (rule === undefined) return next()
  tellDenied(registration, call, guard, rule, 'enforce')
  if (rule.onDenied === 'reject') throw errorFor('unauthenticated', rule)
  if (rule.onDenied === 'null') return null
  call.withheld = true
  return next()
}

function requireAnswers(
  { schema, type, field }: FieldTarget,
  { rules, coordinate }: FieldGuard,
  within: readonly FieldHandler[],
): void {
  const policies = new Set(rules.map(({ onDenied }) => onDenied))
  const complain = (why: string): never => {
    throw new InvalidPolicyError(`access: ${coordinate} ${why}`)
  }
  if (policies.has('null') && isNonNullType(field.type))
    complain(
      "cannot be null, so onDenied: 'null' does not work for it. Use 'reject', or let the schema say it may be null.",
    )
  if (policies.has('mask') && !within.some(({ hides }) => hides === true))
    complain(
      "is not classified by pii-masking in this scope, so onDenied: 'mask' would show it. Classify it there, or use 'reject' or 'null'.",
    )
  if (type === schema.getSubscriptionType() && (policies.has('null') || policies.has('mask')))
    complain("starts a subscription, which either starts or does not: use onDenied: 'reject'.")
  if (type === schema.getMutationType() && policies.has('mask'))
    complain("changes something, which onDenied: 'mask' would let happen: use 'reject' or 'null'.")
}

/**
 * Plans what guards a field; nothing where it has no rule. It stays synchronous where its resolver and the scope
 * resolvers are.
 *
 * @throws PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY for a rule that cannot hold for the field
 */
export function planFieldGuard(
  target: FieldTarget,
  within: readonly FieldHandler[],
  registration: Registration,
): FieldHandler | undefined {
  const rules = rulesOf(target, registration)
  if (rules.length === 0) return undefined
  const guard: FieldGuard = { coordinate: `${target.type.name}.${target.field.name}`, rules }
  requireAnswers(target, guard, within)
  const judge = (call: FieldCall, next: Next, access: FieldAccess): unknown => {
    const judgements = access.of(guard)
    if (judgements === true) return next()
    return new GuardedCall(registration, guard, call, next, access).run(judgements)
  }
  const handler: FieldHandler = (call, next) => {
    const { request } = call
    if (request === undefined) return denyNobody(registration, guard, call, next)
    const access = fieldAccessOf(request)
    if (access === false) return next()
    if (access !== undefined) return judge(call, next, access)
    return resolveFieldAccess(registration, request).then((found) =>
      found === false ? next() : judge(call, next, found),
    )
  }
  const passes = (request: FastifyRequest): boolean => {
    const access = fieldAccessOf(request)
    return access === false || access?.of(guard) === true
  }
  return Object.assign(handler, { passes })
}
