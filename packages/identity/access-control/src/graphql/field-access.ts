import { forgetPasses } from '@portcullis/graphql-gate'
import { createRequestValue, onSettled, routeOption } from '@portcullis/kernel'
import type { Mode, Principal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { isPersonal, tellAccess, tellAdmin } from '../events.ts'
import { judgePrincipal } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import type { ResolvedAccessControlOptions } from '../options.ts'
import type { Registration } from '../registration.ts'
import type { GuardingRule } from './rules.ts'

/** What guards one field. */
export interface FieldGuard {
  readonly coordinate: string
  readonly rules: readonly GuardingRule[]
}

/** What a caller has of one field before the object is looked at: a judgement for each rule. */
export type FieldJudgements = readonly Judgement[]

/** What one caller may have of the fields of a request: judged once for each field, since there may be thousands. */
export class FieldAccess {
  readonly mode: Mode
  readonly #registration: Registration
  readonly #request: FastifyRequest
  readonly #principal: Principal
  readonly #judged = new Map<FieldGuard, FieldJudgements | true>()

  constructor(registration: Registration, request: FastifyRequest, principal: Principal, mode: Mode) {
    this.mode = mode
    this.#registration = registration
    this.#request = request
    this.#principal = principal
  }

  /** @returns `true` where every rule allows the field whatever its object is */
  of(guard: FieldGuard): FieldJudgements | true {
    const known = this.#judged.get(guard)
    if (known !== undefined) return known
    const judgements = guard.rules.map((rule) => judgePrincipal(this.#registration, this.#principal, rule))
    const isOpen = judgements.every(({ outcome }) => outcome === 'allow')
    if (isOpen) this.tellAllowed(guard, judgements)
    const judged = isOpen ? true : judgements
    this.#judged.set(guard, judged)
    return judged
  }

  /** Publishes what has to be known of an allowed field: the use of `admin:all`, and that it is personal. */
  tellAllowed({ coordinate, rules }: FieldGuard, judgements: FieldJudgements): void {
    for (const [index, rule] of rules.entries()) {
      const judgement = judgements[index]
      const { admin } =
        judgement?.outcome === 'depends'
          ? judgement.verdict
          : { admin: judgement?.outcome === 'allow' && judgement.admin }
      if (admin) tellAdmin(this.#request, rule.permission)
      if (isPersonal(this.#registration, rule)) tellAccess(this.#request, rule, coordinate)
    }
  }
}

const known = createRequestValue<FieldAccess | false>('portcullis.access-fields/1')

/** The request of the field before, which nearly always is that of the next one too. Forgotten when it is over. */
let latest: { readonly request: FastifyRequest; readonly access: FieldAccess | false } | undefined

/**
 * What the caller of a request may have of fields, where it is known who that is.
 *
 * @returns `false` where the route switches access-control off, `undefined` before {@link resolveFieldAccess}
 */
export function fieldAccessOf(request: FastifyRequest): FieldAccess | false | undefined {
  if (latest?.request === request) return latest.access
  const access = known.get(request)
  if (access !== undefined) latest = { request, access }
  return access
}

/** Finds out who asks. Asked again where nobody was known before. */
export async function resolveFieldAccess(
  registration: Registration,
  request: FastifyRequest,
): Promise<FieldAccess | false> {
  const principal = await request.resolvePrincipal()
  const options = routeOption<ResolvedAccessControlOptions>(request, 'access')
  const access = options !== false && new FieldAccess(registration, request, principal, options.mode)
  known.set(request, access)
  forgetPasses(request)
  latest = undefined
  onSettled(request, () => {
    if (latest?.request === request) latest = undefined
  })
  return access
}
