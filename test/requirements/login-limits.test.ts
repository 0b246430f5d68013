import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import userRateLimit from '@portcullis/user-rate-limit'
import type { LoginOptions } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accept, messageOf, verdictOf } from './acceptance.ts'
import { countByAddress } from './flawed/count-by-address.ts'
import { get, repeated, statuses } from './limited-app.ts'

const honest = get('/free')
const refused = [429, 'USER_RATE_LIMIT_EXCEEDED']
const office = '198.51.100.1'
let server: RedisService
let apps = 0

beforeAll(async () => {
  server = await startRedis()
})
afterAll(async () => server.stop())

interface Body {
  readonly account: string
  readonly password: string
  readonly device?: string
}

/** Everybody's password is `right`. Without the gate, the same routes with nothing in front of them. */
const shop =
  (store: string, login: LoginOptions = {}) =>
  (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    const options =
      store === 'redis'
        ? {
            redis: server.url,
            keySecret: 'a secret for tests that is long enough',
            keyPrefix: `a${(apps += 1)}`,
          }
        : {}
    if (withGate) void app.register(userRateLimit, { ...options, login, storeTimeout: '2s' })
    app.get('/free', { config: { userRateLimit: false } }, () => 'free')
    app.post<{ Body: Body }>('/auth/login', async (request, reply) => {
      const { account, password, device } = request.body
      const check = (): string | undefined => (password === 'right' ? account : undefined)
      if (withGate) return app.userRateLimit.guardLogin(request, { account, device }, check)
      const value = check()
      return value === undefined ? reply.code(401).send({ code: 'LOGIN_FAILED' }) : { value }
    })
    const perAddress = { quota: 3, window: '3600s', partitionKey: 'address' } as const
    const registrations = { ...perAddress, message: 'Too many registration attempts' }
    const names = { quota: 3, window: '3600s', partitionKey: 'account', account: 'account' } as const
    app.post('/auth/register', { config: { userRateLimit: { policies: { registrations, names } } } }, () => ({
      registered: true,
    }))
    return app
  }

const login = (
  account: string,
  password: string,
  remoteAddress = office,
  device?: string,
): InjectOptions => ({
  method: 'POST',
  url: '/auth/login',
  remoteAddress,
  payload: { account, password, device },
})

const register = (account: string, remoteAddress = office): InjectOptions => ({
  method: 'POST',
  url: '/auth/register',
  remoteAddress,
  payload: { account },
})

const bot = (index: number): string => `203.0.113.${index}`

describe('F21: attempts to sign in are limited by address and by account, and failures weigh more', () => {
  it('the flawed pattern lets a botnet guess on, and locks an office out', () => {
    const admits = countByAddress(5)
    const botnet = Array.from({ length: 250 }, (_, index) => bot(index))
    expect(botnet.flatMap((address) => repeated(200, 5).filter(() => admits(address)))).toHaveLength(1250)
    expect(Array.from({ length: 6 }, () => admits(office))).toEqual([true, true, true, true, true, false])
  })

  for (const store of ['memory', 'redis']) {
    accept(`5 wrong passwords in 300 s for an account from an address, in ${store}`, {
      build: shop(store),
      honest,
      async assert(app) {
        expect(await statuses(app, 5, login('ada', 'wrong'))).toEqual(repeated(401, 5))
        const answer = await app.inject(login('ada', 'right'))
        expect(verdictOf(answer)).toEqual(refused)
        expect(messageOf(answer)).toBe('Too many login attempts')
        const wait = Number(answer.headers['retry-after'])
        expect(wait).toBeGreaterThan(290)
        expect(wait).toBeLessThanOrEqual(305)
      },
    })

    accept(
      `a botnet has as many tries at an account as one client, and its owner gets in meanwhile, in ${store}`,
      {
        build: shop(store, { account: { quota: 20, window: '1h' } }),
        honest,
        async assert(app) {
          const first = await app.inject(login('ada', 'right'))
          const { device } = first.json<{ device?: string }>()
          const guesses: number[] = []
          for (let index = 0; index < 60; index++)
            guesses.push((await app.inject(login('ada', 'wrong', bot(index)))).statusCode)
          expect(guesses.filter((status) => status === 401)).toHaveLength(20)
          expect((await app.inject(login('ada', 'right', office, device))).statusCode).toBe(200)
        },
      },
    )

    accept(
      `people behind one address are not in each other's way, and who guesses there is stopped, in ${store}`,
      {
        build: shop(store, { address: { quota: 30, window: '15m' } }),
        honest,
        async assert(app) {
          for (let person = 0; person < 100; person++)
            expect((await app.inject(login(`person-${person}`, 'right'))).statusCode).toBe(200)
          const sprayed: number[] = []
          for (let victim = 0; victim < 40; victim++)
            sprayed.push((await app.inject(login(`victim-${victim}`, 'Spring2026!'))).statusCode)
          expect(sprayed.filter((status) => status === 401)).toHaveLength(30)
        },
      },
    )

    accept(`guesses that arrive together are as few as one after the other, in ${store}`, {
      build: shop(store),
      honest,
      async assert(app) {
        const answers = await Promise.all(
          Array.from({ length: 40 }, async () => (await app.inject(login('ada', 'wrong'))).statusCode),
        )
        expect(answers.filter((status) => status === 401)).toHaveLength(5)
      },
    })
  }

  accept('an account that is not there is refused as one that is', {
    build: shop('memory'),
    honest,
    async assert(app) {
      const there = await statuses(app, 7, login('ada', 'wrong'))
      const notThere = await statuses(app, 7, login('nobody-of-that-name', 'wrong', bot(1)))
      expect(there).toEqual([...repeated(401, 5), 429, 429])
      expect(notThere).toEqual(there)
    },
  })
})

describe('F22: registrations are limited', () => {
  it('the flawed pattern lets each address try the same name again', () => {
    const admits = countByAddress(3)
    expect(Array.from({ length: 50 }, (_, index) => admits(bot(index)))).toEqual(
      Array.from({ length: 50 }, () => true),
    )
  })

  for (const store of ['memory', 'redis']) {
    accept(`3 in 3600 s for an address, in ${store}`, {
      build: shop(store),
      honest,
      async assert(app) {
        for (let person = 0; person < 3; person++)
          expect((await app.inject(register(`person-${person}`))).statusCode).toBe(200)
        const answer = await app.inject(register('person-4'))
        expect(verdictOf(answer)).toEqual(refused)
        expect(messageOf(answer)).toBe('Too many registration attempts')
        expect((await app.inject(register('person-4', bot(1)))).statusCode).toBe(200)
      },
    })

    accept(`3 in 3600 s for a name, from all addresses, in ${store}`, {
      build: shop(store),
      honest,
      async assert(app) {
        const spellings = ['ada', 'Ada', ' ADA ', 'ada']
        const seen: number[] = []
        for (const [index, name] of spellings.entries())
          seen.push((await app.inject(register(name, bot(index)))).statusCode)
        expect(seen).toEqual([200, 200, 200, 429])
      },
    })
  }
})
