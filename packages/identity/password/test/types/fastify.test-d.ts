import type { FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import password, { hibpRange, offlineRange } from '../../src/index.ts'
import type { PasswordErrorCode, Passwords, Principal, RangeSource, Verdict } from '../../src/index.ts'

declare const app: FastifyInstance
declare const text: string

expectTypeOf<FastifyInstance['passwords']>().toEqualTypeOf<Passwords>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()

expectTypeOf(app.passwords.hash(text)).resolves.toEqualTypeOf<string>()
expectTypeOf(app.passwords.login(text, undefined, async () => undefined)).resolves.toEqualTypeOf<boolean>()
expectTypeOf(
  app.passwords.check(text, { context: [text, null, undefined] }),
).resolves.toEqualTypeOf<Verdict>()
void app.passwords.verify(text, null)
// @ts-expect-error whether there is a hash must be said
void app.passwords.verify(text)
// @ts-expect-error a new hash must be saved
void app.passwords.login(text, text)

void Fastify().register(password, { pepper: undefined, policy: { preset: 'guide' } })
void Fastify().register(password, { policy: { breached: { source: hibpRange(), onError: 'open' } } })
// @ts-expect-error what to do on an error must be said
void Fastify().register(password, { policy: { breached: { source: hibpRange() } } })
// @ts-expect-error there is one algorithm
void Fastify().register(password, { algorithm: 'bcrypt' })

expectTypeOf(offlineRange({ directory: text })).toEqualTypeOf<RangeSource>()
expectTypeOf<'PASSWORD_HASHING_BUSY'>().toExtend<PasswordErrorCode>()
