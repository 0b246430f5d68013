import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import safeDb, { sql } from '../../src/index.ts'
import type {
  AppDatabase,
  Database,
  Execution,
  Principal,
  SafeDbErrorCode,
  SqlQuery,
  StandardSchema,
  TypedQuery,
} from '../../src/index.ts'

// Decorators, the kernel's too.
expectTypeOf<FastifyInstance['db']>().toEqualTypeOf<AppDatabase>()
expectTypeOf<FastifyRequest['db']>().toEqualTypeOf<Database>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()

declare const request: FastifyRequest
declare const text: string

// F2: only what the tag made is a statement.
expectTypeOf(sql`select ${1}, ${'a'}, ${null}, ${[1n, true]}, ${new Date()}`).toEqualTypeOf<SqlQuery>()
void request.db.query(sql`select 1`)
// @ts-expect-error a string is no statement
void request.db.query('select 1')
// @ts-expect-error nor is a template without the tag
void request.db.exec(`delete from orders where id = ${text}`)
// @ts-expect-error nor an object of the same shape
void request.db.one({ toJSON: () => '' })
// @ts-expect-error the tag is no function
sql('select 1')
// @ts-expect-error nor does it take an array of strings
sql([text])
// @ts-expect-error objects need sql.json
void sql`select ${{ a: 1 }}`
// @ts-expect-error undefined is no value
void sql`select ${undefined}`
// @ts-expect-error a function is no value
void sql`select ${() => 1}`
// @ts-expect-error a separator is a query
sql.join([1], ', ')
// @ts-expect-error named parameters take no interpolation
void sql.named`select :a ${text}`

// Rows are what the caller says.
expectTypeOf(request.db.one<{ id: number }>(sql`select 1 as id`)).resolves.toEqualTypeOf<{ id: number }>()
expectTypeOf(request.db.maybeOne<{ id: number }>(sql`select 1`)).resolves.toEqualTypeOf<
  { id: number } | undefined
>()
expectTypeOf(request.db.query(sql`select 1`)).resolves.toEqualTypeOf<Record<string, unknown>[]>()
expectTypeOf(request.db.exec<{ id: number }>(sql`select 1`)).resolves.toEqualTypeOf<
  Execution<{ id: number }>
>()
expectTypeOf(
  request.db.tx(async (tx) => (await tx.one<{ a: 1 }>(sql`select 1`)).a),
).resolves.toEqualTypeOf<1>()
expectTypeOf(request.db.tx((tx) => tx.tx(async () => 1))).resolves.toEqualTypeOf<number>()

// A schema's type is the row's, in every way to run a statement.
interface Order {
  readonly id: number
}
declare const OrderSchema: StandardSchema<Order>
declare const CountSchema: StandardSchema<number>
const orders = sql.type(OrderSchema)`select id from orders where id = ${1}`
expectTypeOf(orders).toEqualTypeOf<TypedQuery<Order>>()
expectTypeOf(orders).toExtend<SqlQuery>()
expectTypeOf(request.db.query(orders)).resolves.toEqualTypeOf<Order[]>()
expectTypeOf(request.db.many(orders)).resolves.toEqualTypeOf<Order[]>()
expectTypeOf(request.db.one(orders)).resolves.toEqualTypeOf<Order>()
expectTypeOf(request.db.maybeOne(orders)).resolves.toEqualTypeOf<Order | undefined>()
expectTypeOf(request.db.exec(orders)).resolves.toEqualTypeOf<Execution<Order>>()
expectTypeOf(request.db.one(sql.type(CountSchema)`select count(*)`)).resolves.toEqualTypeOf<number>()
expectTypeOf(request.db.stream(orders)).toEqualTypeOf<AsyncGenerator<Order, void, undefined>>()
expectTypeOf(request.db.stream<Order>(sql`select id from orders`)).toEqualTypeOf<
  AsyncGenerator<Order, void, undefined>
>()
// A statement without a schema has no type of its own.
expectTypeOf(sql`select 1`).not.toExtend<TypedQuery<Order>>()
// A part of another statement keeps no type either.
expectTypeOf(sql`${orders}`).toEqualTypeOf<SqlQuery>()
// @ts-expect-error a schema is one of the standard
sql.type({ parse: () => 1 })
// @ts-expect-error sql.type gives a tag
sql.type(OrderSchema)('select 1')
// @ts-expect-error a string cannot be streamed
void request.db.stream('select 1')
// @ts-expect-error objects are no values of a typed statement either
void sql.type(OrderSchema)`select ${{ a: 1 }}`

// What a user sends, where it is no value.
expectTypeOf(sql.orderBy(text, { id: sql.id('id') })).toEqualTypeOf<SqlQuery>()
expectTypeOf(sql.like.contains(text)).toEqualTypeOf<SqlQuery>()
// @ts-expect-error a column is a query, and no text
sql.orderBy(text, { id: 'id' })
// @ts-expect-error a query string may not have it
sql.orderBy(undefined as string | undefined, { id: sql.id('id') })
// @ts-expect-error a pattern is of a string
sql.like.contains(7)

// Options.
void Fastify().register(safeDb, {
  dsn: async () => text,
  context: () => ({ settings: { 'app.user': text } }),
})
// @ts-expect-error there must be a dsn
void Fastify().register(safeDb, {})
// @ts-expect-error verification is not weakened
void Fastify().register(safeDb, { dsn: text, tls: { rejectUnauthorized: false } })

const route = (config: FastifyContextConfig) => Fastify().get('/', { config }, () => 'hello')
route({ db: { access: 'read' } })
route({ db: { statements: ['select', 'insert'], maxRows: false } })
route({ db: false })
// @ts-expect-error there is no such command
route({ db: { statements: ['drop'] } })
// @ts-expect-error the database belongs to the plugin
route({ db: { dsn: text } })

expectTypeOf<'UNSAFE_SQL'>().toExtend<SafeDbErrorCode>()
