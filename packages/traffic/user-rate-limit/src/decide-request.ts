import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { memberAt, readAccount } from './core/account.ts'
import { decideByAddress, decideLimits } from './decide-limits.ts'
import type { PricedPolicy } from './decide-limits.ts'
import type { Limiter } from './limiter.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'

/** Decides policies of a request by what they cost it, and by the account that its body names. */
export async function decideAt(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<DecisionResult> {
  const priced: PricedPolicy[] = []
  for (const compiled of policies) {
    const { when, cost, account } = compiled
    if (typeof when === 'function' && !(await when(request))) continue
    priced.push({
      compiled,
      cost: typeof cost === 'function' ? await cost(request) : Number(cost),
      ...(account?.body === undefined ? {} : { account: readAccount(memberAt(request.body, account.body)) }),
    })
  }
  return decideLimits(limiter, priced, request, reply)
}

/** Decides at once where no more than the address has to be known. */
export function decideFor(
  limiter: Limiter,
  policies: readonly CompiledPolicy[],
  request: FastifyRequest,
  reply: FastifyReply,
): DecisionResult | Promise<DecisionResult> {
  const decided = decideByAddress(limiter, policies, request, reply)
  return decided === false ? decideAt(limiter, policies, request, reply) : decided
}
