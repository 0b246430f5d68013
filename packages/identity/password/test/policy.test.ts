import { environmentOf, kernel } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import password from '../src/index.ts'
import type { CheckContext, PasswordOptions, PolicyOptions } from '../src/index.ts'

const cheap = { memory: 19456, passes: 2 }
const apps: FastifyInstance[] = []
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))

function build(
  options: PasswordOptions,
  log: object[] = [],
  environment: 'production' | 'test' = 'test',
): FastifyInstance {
  const stream = { write: (line: string) => void log.push(JSON.parse(line) as object) }
  const app = Fastify({ logger: { level: 'warn', stream } })
  apps.push(app)
  app.register(kernel, { environment })
  app.register(password, options)
  return app
}

async function codes(policy: PolicyOptions, typed: string, about?: CheckContext): Promise<string[]> {
  const app = build({ ...cheap, policy })
  await app.ready()
  const { ok, reasons } = await app.passwords.check(typed, about)
  expect(ok).toBe(reasons.length === 0)
  for (const { message } of reasons) if (typed.length > 3) expect(message).not.toContain(typed)
  return reasons.map(({ code }) => code)
}

describe('the policy', () => {
  it('takes 15 characters, and 8 with a second factor, of any kind', async () => {
    expect(await codes({}, 'vwzqhjkmbtrnpx')).toEqual(['TOO_SHORT'])
    expect(await codes({}, 'vwzqhjkmbtrnpxy')).toEqual([])
    expect(await codes({}, 'vwzqhjk', { secondFactor: true })).toEqual(['TOO_SHORT'])
    expect(await codes({}, 'vwzqhjkm', { secondFactor: true })).toEqual([])
    expect(await codes({ minLength: 8 }, 'vwzqhjkm')).toEqual([])
  })

  it('gives every reason at once', async () => {
    expect(await codes({}, 'P@ssw0rd')).toEqual(['TOO_SHORT', 'COMMON'])
    expect(await codes({}, 'Ada2026', { context: ['ada'] })).toEqual(['TOO_SHORT', 'CONTEXT'])
  })

  it('refuses common passwords, also in other spellings, unless told', async () => {
    expect(await codes({}, '1qaz2wsx3edc4rfv')).toEqual(['COMMON'])
    expect(await codes({}, 'QwertyUIOPasdfgh')).toEqual(['COMMON'])
    expect(await codes({ blocklist: false }, 'QwertyUIOPasdfgh')).toEqual([])
  })

  it('knows the words of the service and of the person', async () => {
    const policy = { contextWords: ['Portcullis'] }
    expect(await codes(policy, 'portcullis20262')).toEqual(['CONTEXT'])
    const context = [null, undefined, '', 'ada@example.com']
    expect(await codes(policy, 'ada@example.com', { context })).toEqual(['CONTEXT'])
    expect(await codes({}, 'portcullis20262')).toEqual([])
  })

  it('says of what is no text, or too long, only that', async () => {
    expect(await codes({ preset: 'guide' }, '\0')).toEqual(['INVALID_TEXT'])
    expect(await codes({ maxBytes: 256 }, 'x'.repeat(257))).toEqual(['TOO_LONG'])
  })

  it('refuses what is no string with 400', async () => {
    const app = build(cheap)
    await app.ready()
    const error = await app.passwords.check(undefined as unknown as string).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'PASSWORD_INVALID', statusCode: 400 })
  })
})

describe("the guide's rules", () => {
  const guide = { preset: 'guide' } as const

  it('are kept when they are asked for, and only then', async () => {
    expect(await codes(guide, 'Vwzqhjk7m!tr')).toEqual([])
    expect(await codes(guide, 'Vwzqhjk7m!t')).toEqual(['TOO_SHORT'])
    expect(await codes(guide, 'Vwzqhjk7m!t', { secondFactor: true })).toEqual(['TOO_SHORT'])
    expect(await codes(guide, 'correct horse battery staple')).toEqual([
      'MISSING_UPPERCASE',
      'MISSING_DIGIT',
      'MISSING_SYMBOL',
    ])
  })

  it('come with a warning of the standards that they break', async () => {
    const log: object[] = []
    await build({ ...cheap, policy: guide }, log).ready()
    expect(log).toMatchObject([
      { level: 40, msg: expect.stringMatching(/ASVS 5\.0 \(6\.2\.5\) and NIST SP 800-63B-4 \(3\.1\.1\.2\)/) },
    ])
    const quiet: object[] = []
    await build(cheap, quiet).ready()
    expect(quiet).toEqual([])
  })
})

describe('in production', () => {
  it.each([
    [19455, 2],
    [47103, 1],
    [12287, 3],
    [65536, 0.5],
  ])('does not start with %d KiB and %d passes', async (memory, passes) => {
    await expect(build({ memory, passes }, [], 'production').ready()).rejects.toThrow(/passwords\.|memory/)
  })

  it('starts with each of the floors, and with what it measured', async () => {
    for (const [memory, passes] of [
      [19456, 2],
      [47104, 1],
      [12288, 3],
      [undefined, undefined],
    ] as const) {
      const app = build({ memory, passes }, [], 'production')
      await app.ready()
      expect(environmentOf(app)).toBe('production')
    }
  })

  it('is nowhere else so strict, and says what it would not take', async () => {
    const log: object[] = []
    await build({ memory: 1024, passes: 1 }, log).ready()
    expect(log).toMatchObject([{ code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION' }])
  })
})
