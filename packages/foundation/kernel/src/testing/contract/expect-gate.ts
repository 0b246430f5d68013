import assert from 'node:assert/strict'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { ContractRequest, GateContract } from './gate-contract.ts'

/** Sends a request below a prefix. */
export function send(
  app: FastifyInstance,
  request: ContractRequest,
  prefix = '',
): Promise<LightMyRequestResponse> {
  return app.inject({ ...request, url: `${prefix}${request.url}` })
}

/** Sends the hostile requests: all but the last pass, and the last answer is returned. */
export async function sendHostile(
  app: FastifyInstance,
  gate: GateContract,
  prefix = '',
): Promise<LightMyRequestResponse> {
  let answer: LightMyRequestResponse | undefined
  for (const request of gate.hostile) {
    assert.ok(
      answer === undefined || answer.statusCode < 400,
      'a hostile request was refused before the last one',
    )
    answer = await send(app, request, prefix)
  }
  assert.ok(answer !== undefined, 'the contract names no hostile request')
  return answer
}

/** The gate holds: the honest request passes, the hostile one is refused with status and code. */
export async function expectGuarded(app: FastifyInstance, gate: GateContract, prefix = ''): Promise<void> {
  const honest = await send(app, gate.honest, prefix)
  assert.equal(honest.statusCode, 200, `the honest request was refused: ${honest.body}`)
  const refused = await sendHostile(app, gate, prefix)
  assert.equal(
    refused.statusCode,
    gate.refusal.statusCode,
    `the hostile request was not refused: ${refused.body}`,
  )
  assert.ok(
    refused.body.includes(`"${gate.refusal.code}"`),
    `the refusal has no code ${gate.refusal.code}: ${refused.body}`,
  )
  assert.ok(refused.headers['x-request-id'] !== undefined, 'the refusal has no X-Request-ID')
}

/** The gate does not hold here, on purpose: the hostile requests pass. */
export async function expectOpen(app: FastifyInstance, gate: GateContract, prefix = ''): Promise<void> {
  const answer = await sendHostile(app, gate, prefix)
  assert.equal(
    answer.statusCode,
    200,
    `the request was refused where the gate is off or lenient: ${answer.body}`,
  )
}

/** The app does not boot, with a coded error whose message says all of `says`. */
export async function expectBootError(app: FastifyInstance, says: readonly string[]): Promise<void> {
  try {
    await app.ready()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    assert.match(String(code), /^PORTCULLIS_/, `the boot error has no code of ours: ${message}`)
    for (const part of says)
      assert.ok(message.includes(part), `the boot error does not say '${part}': ${message}`)
    return
  } finally {
    await app.close()
  }
  assert.fail(`the app booted; it should have refused and said: ${says.join(', ')}`)
}
