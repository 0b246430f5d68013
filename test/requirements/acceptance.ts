import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect, it } from 'vitest'

/** A promise of a row, and the app that has to keep it. */
export interface Acceptance {
  /** Builds the app as a user would, with or without the gate that makes the promise true. */
  build(withGate: boolean): FastifyInstance
  /** A request that is answered with 200 either way: it shows that the app itself works. */
  readonly honest: InjectOptions
  /** What is promised. The same body runs with the gate, where it passes, and without it, where it must not. */
  assert(app: FastifyInstance): Promise<void>
}

async function run({ build, honest, assert }: Acceptance, withGate: boolean): Promise<unknown> {
  const app = build(withGate)
  try {
    await app.ready()
    const answer = await app.inject(honest)
    if (answer.statusCode !== 200) throw new Error(`The honest request was answered with ${answer.body}`)
    await assert(app)
    return undefined
  } catch (error) {
    return error
  } finally {
    await app.close()
  }
}

/**
 * Tests a promise twice: it holds with the gate, and its own assertions fail with the gate unregistered. A test that
 * the gate has no part in would pass both times, and is therefore refused.
 */
export function accept(title: string, acceptance: Acceptance): void {
  it(title, async () => {
    const failure = await run(acceptance, true)
    if (failure !== undefined) throw failure
  })
  it(`${title} (not without the gate)`, async () => {
    expect(await run(acceptance, false)).toMatchObject({ name: 'AssertionError' })
  })
}

/** Tests that a gate refuses to boot, and that the same app boots without it. */
export function acceptRefusalToBoot(
  title: string,
  build: Acceptance['build'],
  ...says: readonly string[]
): void {
  it(title, async () => {
    const refused = build(true)
    const failure: unknown = await refused.ready().then(
      () => undefined,
      (error: unknown) => error,
    )
    await refused.close()
    const message = failure instanceof Error ? failure.message : 'it booted'
    for (const words of says) expect(message).toContain(words)

    const free = build(false)
    await free.ready()
    await free.close()
  })
}

/** Status and code of an answer, whatever its shape; of a batch, the code of the first error. */
export function verdictOf({ statusCode, body }: LightMyRequestResponse): [number, string | undefined] {
  interface Answer {
    readonly code?: string
    readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
  }
  const parsed = JSON.parse(body) as Answer | Answer[] | null
  const codes = [parsed]
    .flat()
    .flatMap((answer) => [answer?.code, ...(answer?.errors ?? []).map((error) => error.extensions?.code)])
  return [statusCode, codes.find((code) => code !== undefined)]
}

/** The message of a refusal: of the first GraphQL error, or of a coded error. */
export function messageOf({ body }: LightMyRequestResponse): string | undefined {
  const answer = JSON.parse(body) as { message?: string; errors?: { message: string }[] }
  return answer.errors?.[0]?.message ?? answer.message
}

/** A POST with one GraphQL operation. */
export function operation(
  query: string,
  variables?: Record<string, unknown>,
  operationName?: string,
): InjectOptions {
  return { method: 'POST', url: '/graphql', payload: { query, variables, operationName } }
}
