import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { hash as hashBcrypt } from '@node-rs/bcrypt'
import { password, PASSWORD_WORK_CHANNEL } from '@portcullis/password'
import type { Passwords, PasswordWork, Verdict } from '@portcullis/password'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { beforeAll, describe, expect, it } from 'vitest'
import { accept } from './acceptance.ts'
import { hasEachKind, loginIfKnown, verifyByBcrypt } from './flawed/hash-passwords.ts'

const honest = { method: 'GET', url: '/' } as const
const long = 'x'.repeat(72)
const stored = new Map<string, string>()

beforeAll(async () => {
  stored.set('old', await hashBcrypt('from before', { cost: 12 }))
  stored.set('long', await hashBcrypt(`${long} and an end`, { cost: 4 }))
})

interface Body {
  readonly user?: string
  readonly password: string
}

/** A login and a sign-up as a user would write them; without the gate, as they are written without it. */
function build(withGate: boolean): FastifyInstance {
  const app = Fastify()
  if (withGate) app.register(password, { memory: 19456, passes: 2 })
  const users = new Map(stored)
  const service = (): Passwords | undefined => (app.hasDecorator('passwords') ? app.passwords : undefined)
  app.get('/', () => 'ok')
  app.post<{ Body: Body }>('/login', async ({ body }) => {
    const hash = users.get(body.user ?? '')
    const save = async (newHash: string): Promise<unknown> => users.set(body.user ?? '', newHash)
    const ok =
      (await service()?.login(body.password, hash, save)) ??
      (await loginIfKnown(body.password, hash, verifyByBcrypt))
    return { ok, kind: users.get(body.user ?? '')?.slice(0, 9) }
  })
  app.post<{ Body: Body }>('/signup', async ({ body }): Promise<Verdict> => {
    const verdict = await service()?.check(body.password, { context: ['ada@example.com'] })
    return verdict ?? { ok: hasEachKind(body.password), reasons: [] }
  })
  return app
}

async function post<Answer>(app: FastifyInstance, url: string, payload: Body): Promise<Answer> {
  return (await app.inject({ method: 'POST', url, payload: { ...payload } })).json<Answer>()
}

interface Login {
  readonly ok: boolean
  readonly kind?: string
}

describe('F45: passwords are hashed with a modern function, off the event loop, and rehashed on login', () => {
  accept('an old bcrypt hash is verified and comes out as Argon2id', {
    build,
    honest,
    async assert(app) {
      const login = async (typed: string): Promise<Login> =>
        post(app, '/login', { user: 'old', password: typed })
      expect(await login('another')).toEqual({ ok: false, kind: stored.get('old')?.slice(0, 9) })
      expect(await login('from before')).toEqual({ ok: true, kind: '$argon2id' })
      expect(await login('from before')).toEqual({ ok: true, kind: '$argon2id' })
    },
  })

  accept('a password longer than bcrypt reads is not accepted with another ending', {
    build,
    honest,
    async assert(app) {
      const login = await post<Login>(app, '/login', { user: 'long', password: `${long} and another` })
      expect(login.ok).toBe(false)
    },
  })

  it('the flawed pattern: whatever comes after 72 bytes is the password', async () => {
    expect(await verifyByBcrypt(`${long} and another`, stored.get('long') ?? '')).toBe(true)
  })

  it('the event loop turns while passwords are hashed', async () => {
    const app = build(true)
    await app.ready()
    let turns = 0
    let hashing = true
    const turn = (): void => {
      turns++
      if (hashing) setImmediate(turn)
    }
    setImmediate(turn)
    await app.passwords.hash('correct horse battery staple')
    hashing = false
    // Hashing in the event loop would let it turn once or twice.
    expect(turns).toBeGreaterThan(10)
    await app.close()
  })
})

describe('F46: an unknown account takes as long as a wrong password', () => {
  async function workOf(task: () => Promise<unknown>): Promise<PasswordWork[]> {
    const work: PasswordWork[] = []
    const listen = (message: unknown): void => void work.push(message as PasswordWork)
    subscribe(PASSWORD_WORK_CHANNEL, listen)
    await task()
    unsubscribe(PASSWORD_WORK_CHANNEL, listen)
    return work
  }

  accept('the same work is done, with the same parameters', {
    build,
    honest,
    async assert(app) {
      await post(app, '/login', { user: 'old', password: 'from before' })
      const login = async (user: string): Promise<PasswordWork[]> =>
        workOf(() => post(app, '/login', { user, password: 'a wrong one' }))
      const [wrong, unknown] = [await login('old'), await login('nobody')]
      expect(wrong).toMatchObject([{ operation: 'verify', algorithm: 'argon2id', memory: 19456, passes: 2 }])
      expect(unknown).toEqual(wrong)
    },
  })

  it('the flawed pattern: for an unknown account, nothing is worked out', async () => {
    let worked = 0
    const check = async (): Promise<boolean> => {
      worked++
      return false
    }
    await loginIfKnown('a wrong one', 'a hash', check)
    expect(worked).toBe(1)
    await loginIfKnown('a wrong one', undefined, check)
    expect(worked).toBe(1)
  })
})

describe('F47: a password policy by length and known breaches; composition rules by choice', () => {
  accept('a long passphrase will do, and what everybody uses will not, for reasons that are told', {
    build,
    honest,
    async assert(app) {
      const codes = async (typed: string): Promise<string[]> => {
        const { ok, reasons } = await post<Verdict>(app, '/signup', { password: typed })
        expect(ok).toBe(reasons.length === 0)
        return reasons.map(({ code }) => code)
      }
      expect(await codes('correct horse battery staple')).toEqual([])
      expect(await codes('P@ssw0rd1234')).toEqual(['TOO_SHORT', 'COMMON'])
      expect(await codes('Password123!')).toEqual(['TOO_SHORT'])
      expect(await codes('1qaz2wsx3edc4rfv')).toEqual(['COMMON'])
      expect(await codes('Ada.Example.2026')).toEqual(['CONTEXT'])
    },
  })

  it('the flawed pattern: one of each kind passes, and a long passphrase does not', () => {
    for (const weak of ['Password123!', 'Qwerty123456!', 'P@ssw0rd1234']) expect(hasEachKind(weak)).toBe(true)
    expect(hasEachKind('correct horse battery staple')).toBe(false)
  })

  it("the guide's rules are there for those who ask for them", async () => {
    const app = Fastify()
    await app.register(password, { memory: 19456, passes: 2, policy: { preset: 'guide' } })
    const { reasons } = await app.passwords.check('correct horse battery staple')
    expect(reasons.map(({ code }) => code)).toEqual(['MISSING_UPPERCASE', 'MISSING_DIGIT', 'MISSING_SYMBOL'])
    expect(await app.passwords.check('Vwzqhjk7m!tr')).toEqual({ ok: true, reasons: [] })
    await app.close()
  })
})
