import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { hash as hashArgon2, parseOptions } from '@node-rs/argon2'
import { hash as hashBcrypt } from '@node-rs/bcrypt'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import password, { PASSWORD_WORK_CHANNEL } from '../src/index.ts'
import type { PasswordOptions, PasswordWork } from '../src/index.ts'

const cheap = { memory: 19456, passes: 2 }
const mine = 'correct horse battery staple'
const pepper = (name: string): string => `${name}: thirty-two bytes and more of a secret`

const apps: FastifyInstance[] = []
const work: PasswordWork[] = []
const listen = (message: unknown): void => void work.push(message as PasswordWork)

async function start(options: PasswordOptions = {}, log: object[] = []): Promise<FastifyInstance> {
  const stream = { write: (line: string) => void log.push(JSON.parse(line) as object) }
  const app = Fastify({ logger: { level: 'warn', stream } })
  apps.push(app)
  await app.register(password, { ...cheap, ...options })
  await app.ready()
  work.length = 0
  subscribe(PASSWORD_WORK_CHANNEL, listen)
  return app
}

afterEach(async () => {
  unsubscribe(PASSWORD_WORK_CHANNEL, listen)
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

describe('hashing', () => {
  it('makes a PHC string of Argon2id with the parameters of the app, and another each time', async () => {
    const { passwords } = await start()
    const hash = await passwords.hash(mine)
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(await passwords.hash(mine)).not.toBe(hash)
    expect(await passwords.verify(mine, hash)).toEqual({ ok: true, needsRehash: false, problem: undefined })
    expect(await passwords.verify(`${mine} `, hash)).toMatchObject({ ok: false, needsRehash: false })
  })

  it('is not cut anywhere', async () => {
    const { passwords } = await start()
    const long = 'x'.repeat(4095)
    const hash = await passwords.hash(`${long}a`)
    expect((await passwords.verify(`${long}a`, hash)).ok).toBe(true)
    expect((await passwords.verify(`${long}b`, hash)).ok).toBe(false)
  })

  it('takes a password typed on another keyboard', async () => {
    const { passwords } = await start()
    const hash = await passwords.hash('Zoe\u0308 and fourteen more')
    expect((await passwords.verify('Zo\u00eb and fourteen more', hash)).ok).toBe(true)
  })

  it('is measured at boot where it was not given, and never below the floors', async () => {
    const app = Fastify()
    apps.push(app)
    await app.register(password, { targetTime: 1 })
    expect(app.passwords.status.cost).toEqual({ memory: 19456, passes: 2, parallelism: 1 })
    await app.register(async (child) => {
      await child.register(password, { targetTime: '30s' })
      expect(child.passwords.status.cost).toEqual({ memory: 65536, passes: 16, parallelism: 1 })
    })
  })

  it.each([
    ['a number', 7],
    ['nothing', undefined],
    ['an object', { toString: () => mine }],
    ['NUL', `a\0${mine}`],
    ['half a character', `${mine}\ud83d`],
    ['too much', 'x'.repeat(4097)],
    ['too much in bytes', '€'.repeat(1366)],
  ])('refuses %s with 400, before any work and without saying it', async (_name, input) => {
    const app = await start()
    const { passwords } = app
    const stored = await hashArgon2(mine, { memoryCost: 64, timeCost: 1 })
    for (const call of [
      () => passwords.hash(input as string),
      () => passwords.verify(input as string, stored),
      () => passwords.verify(input as string, undefined),
      () => passwords.login(input as string, stored, async () => undefined),
    ]) {
      const error = await call().catch((thrown: Error) => thrown)
      expect(error).toMatchObject({ code: 'PASSWORD_INVALID', statusCode: 400 })
      expect((error as Error).message).not.toContain(mine)
    }
    expect(work).toEqual([])
  })
})

describe('stored hashes of others', () => {
  it('of Argon2 are verified, and out of date when their parameters are others', async () => {
    const { passwords } = await start()
    for (const name of ['argon2i', 'argon2id']) {
      const { algorithm } = parseOptions(`$${name}$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`)
      const stored = await hashArgon2(mine, { algorithm, memoryCost: 4096, timeCost: 3, parallelism: 2 })
      expect(await passwords.verify(mine, stored)).toMatchObject({ ok: true, needsRehash: true })
      expect(await passwords.verify('another', stored)).toMatchObject({ ok: false, needsRehash: false })
      const otherOrder = stored.replace('m=4096,t=3,p=2', 'p=2,m=4096,t=3')
      expect(await passwords.verify(mine, otherOrder)).toMatchObject({ ok: true })
    }
  })

  it.each(['2a', '2b', '2y'] as const)('of bcrypt $%s$ are verified, and out of date', async (version) => {
    const { passwords } = await start()
    const stored = await hashBcrypt(mine, { cost: 4, version })
    expect(await passwords.verify(mine, stored)).toMatchObject({ ok: true, needsRehash: true })
    expect(await passwords.verify('another', stored)).toMatchObject({ ok: false, needsRehash: false })
    expect(work).toEqual([
      { operation: 'verify', algorithm: 'bcrypt', rounds: 4 },
      { operation: 'verify', algorithm: 'bcrypt', rounds: 4 },
    ])
  })

  it('of bcrypt compare what was typed, since they were made of it', async () => {
    const { passwords } = await start()
    const typed = 'Zoe\u0308'
    expect((await passwords.verify(typed, await hashBcrypt(typed, { cost: 4 }))).ok).toBe(true)
  })

  it('of bcrypt take 72 bytes and no more: one with another tail is refused, and so is the right one', async () => {
    const { passwords } = await start()
    const [whole, tail] = ['x'.repeat(72), 'and a tail']
    expect((await passwords.verify(whole, await hashBcrypt(whole, { cost: 4 }))).ok).toBe(true)
    const stored = await hashBcrypt(whole + tail, { cost: 4 })
    work.length = 0
    for (const long of [`${whole}another`, whole + tail, `${'é'.repeat(36)}x`]) {
      expect(await passwords.verify(long, stored)).toEqual({
        ok: false,
        needsRehash: false,
        problem: 'BEYOND_BCRYPT',
      })
    }
    // Refused after the work that an unknown account costs, and not after that of bcrypt.
    expect(work.map(({ algorithm }) => algorithm)).toEqual(['argon2id', 'argon2id', 'argon2id'])
  })

  it.each([
    ['garbage', 'garbage'],
    ['nothing', ''],
    ['a number', 7 as unknown as string],
    ['4 GiB', `$argon2id$v=19$m=4194304,t=10,p=1$${'c2Fs'.repeat(5)}$${'aGFz'.repeat(8)}`],
    ['bcrypt with 31', `$2b$31$${'a'.repeat(53)}`],
    [
      'the pepper of somebody else',
      `$argon2id$v=19$m=4096,t=3,p=1,keyid=Ab3+$${'c2Fs'.repeat(5)}$${'aGFz'.repeat(8)}`,
    ],
  ])('that are %s are a no after the work of today, and a line in the log', async (_name, stored) => {
    const log: object[] = []
    const { passwords } = await start({}, log)
    expect(await passwords.verify(mine, stored)).toEqual({
      ok: false,
      needsRehash: false,
      problem: 'UNUSABLE_HASH',
    })
    expect(work).toMatchObject([{ operation: 'verify', algorithm: 'argon2id', memory: 19456, passes: 2 }])
    expect(log).toMatchObject([{ level: 50, code: 'UNUSABLE_HASH' }])
    if (stored.length > 1) expect(JSON.stringify(log)).not.toContain(stored)
  })
})

describe('an account that is not there', () => {
  it.each([{}, { pepper: pepper('one') }])(
    'costs the same work as a wrong password, with %o',
    async (options) => {
      const { passwords } = await start(options)
      const stored = await passwords.hash(mine)
      work.length = 0
      await passwords.verify('a wrong password', stored)
      const [wrong] = work.splice(0)
      for (const nobody of [undefined, null]) {
        expect(await passwords.verify('a wrong password', nobody)).toMatchObject({
          ok: false,
          needsRehash: false,
        })
        expect(await passwords.login(mine, nobody, () => Promise.reject(new Error('never')))).toBe(false)
      }
      expect(work).toEqual([wrong, wrong, wrong, wrong])
      expect(wrong).toMatchObject({ operation: 'verify', memory: 19456, passes: 2, salt: 16, output: 32 })
    },
  )
})

describe('login', () => {
  const old = async (): Promise<string> => hashBcrypt(mine, { cost: 4 })

  it('replaces a hash that is out of date, and tells the old one so that no newer is overwritten', async () => {
    const { passwords } = await start()
    const stored = await old()
    const saved: string[][] = []
    const save = async (...hashes: string[]): Promise<void> => void saved.push(hashes)
    expect(await passwords.login(mine, stored, save)).toBe(true)
    expect(saved).toEqual([[expect.stringMatching(/^\$argon2id\$/), stored]])
    expect(await passwords.verify(mine, saved[0]?.[0])).toMatchObject({ ok: true, needsRehash: false })
    expect(await passwords.login('wrong', stored, save)).toBe(false)
    expect(await passwords.login(mine, saved[0]?.[0], save)).toBe(true)
    expect(saved.length).toBe(1)
  })

  it('is a login also when the new hash could not be saved', async () => {
    const log: object[] = []
    const { passwords } = await start({}, log)
    const save = (): Promise<never> => Promise.reject(new Error('the database is away'))
    expect(await passwords.login(mine, await old(), save)).toBe(true)
    expect(log).toMatchObject([{ level: 40, err: { message: 'the database is away' } }])
    expect(JSON.stringify(log)).not.toContain(mine)
  })
})

describe('the pepper', () => {
  it('goes into each hash, which says of it no more than which it is', async () => {
    const one = await start({ pepper: pepper('one') })
    const stored = await one.passwords.hash(mine)
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1,keyid=[\w+/]{4}\$/)
    expect(await one.passwords.verify(mine, stored)).toMatchObject({ ok: true, needsRehash: false })

    // Without it, not even the right password is any good.
    const none = await start()
    const stripped = stored.replace(/,keyid=[^$]+/, '')
    expect(await none.passwords.verify(mine, stored)).toMatchObject({ ok: false, problem: 'UNUSABLE_HASH' })
    expect(await none.passwords.verify(mine, stripped)).toMatchObject({ ok: false })
  })

  it('may come, change and go: each login makes the hash anew', async () => {
    const [one, two] = [pepper('one'), pepper('two')]
    let stored = await (await start()).passwords.hash(mine)
    const steps: PasswordOptions[] = [
      { pepper: one },
      { pepper: two, previousPeppers: [one] },
      { previousPeppers: [two] },
      {},
    ]
    const needed: boolean[] = []
    for (const options of steps) {
      const { passwords } = await start(options)
      const { ok, needsRehash } = await passwords.verify(mine, stored)
      expect(ok).toBe(true)
      needed.push(needsRehash)
      await passwords.login(mine, stored, async (newHash) => (stored = newHash))
    }
    expect(needed).toEqual([true, true, true, false])
  })

  it('is in no message', async () => {
    const secret = 'short but secret'
    const app = Fastify()
    apps.push(app)
    const error = await app.register(password, { pepper: secret }).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).toContain('passwords.pepper')
    expect(error?.message).not.toContain(secret)
  })
})
