// What a query with its row-level-security context costs, beside the transactions of others that do the same, in
// interleaved rounds: on loopback beside the same named statement without a context, and behind a relay that delays. Then
// what guards and hooks cost, with a connection that answers at once.
import { fork } from 'node:child_process'
import { createServer, connect } from 'node:net'
import fastifyPostgres from '@fastify/postgres'
import kernel from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import safeDb, { sql } from '@portcullis/safe-db'
import Fastify from 'fastify'
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely'
import pg from 'pg'
import postgres from 'postgres'
import { createPool, sql as slonikSql } from 'slonik'
import { printTable } from './samples.mjs'

// Newer than Node 20, and slonik needs it.
Promise.withResolvers ??= function () {
  let resolvers
  const promise = new this((resolve, reject) => (resolvers = { resolve, reject }))
  return { promise, ...resolvers }
}

const CONNECTIONS = 10
const ROUNDS = Number(process.env.ROUNDS ?? 7)
const SLICE = Number(process.env.SLICE ?? 600)
const TEXT = 'select id, note from orders where id = $1'
const CONTEXT = `select set_config('app.current_user_id', $1, true), set_config('app.current_tenant_id', $2, true)`
const SCHEMA = `
  create role app login password 'only here';
  create table orders (id int primary key, tenant text not null, note text);
  insert into orders select n, case when n % 2 = 0 then 'red' else 'blue' end, 'note ' || n from generate_series(1, 1000) n;
  alter table orders enable row level security;
  alter table orders force row level security;
  create policy own on orders using (tenant = nullif(current_setting('app.current_tenant_id', true), ''));
  grant select on orders to app;
  analyze orders;
`
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** Delays both directions, each by half of a round trip: in a process of its own. */
function relay(port, delay) {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const pass = (from, to) => {
      from.setNoDelay(true)
      const queue = []
      // A timer alone is late by up to a millisecond, and several come in any order.
      const send = () => {
        while (queue.length > 0 && performance.now() >= queue[0].at) to.write(queue.shift().chunk)
        if (queue.length > 0) setImmediate(send)
      }
      from.on('data', (chunk) => {
        queue.push({ chunk, at: performance.now() + delay })
        setTimeout(send, Math.max(0, delay - 1))
      })
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
    pass(client, upstream)
    pass(upstream, client)
  })
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.on('disconnect', () => process.exit())
}

/** An app whose loop runs inside of a request, which is whom the context is of. */
async function withRequest(register, loopOf) {
  const app = Fastify()
  app.register(kernel, {
    environment: 'production',
    identify: () => ({ id: 'ada', tenantId: 'red' }),
  })
  await register(app)
  let begun
  const running = new Promise((resolve) => (begun = resolve))
  app.get('/', async (request) => {
    await loopOf(app, request, (loop) => new Promise((resolve) => begun({ loop, resolve })))
    return 'done'
  })
  await app.ready()
  const over = app.inject('/')
  const { loop, resolve } = await running
  return {
    query: loop,
    async close() {
      resolve()
      await over
      await app.close()
    },
  }
}

const PEERS = {
  async 'pg, named statement alone'(dsn) {
    // The session knows the tenant, so that the same policy lets the same row pass.
    const pool = new pg.Pool({
      connectionString: dsn,
      max: CONNECTIONS,
      options: '-c app.current_tenant_id=red',
    })
    return {
      query: async (id) => (await pool.query({ name: 'one', text: TEXT, values: [id] })).rows,
      close: () => pool.end(),
    }
  },
  'safe-db': (dsn) =>
    withRequest(
      async (app) => app.register(safeDb, { dsn, tls: 'disable', poolSize: CONNECTIONS, poolWait: '20s' }),
      (_app, request, use) =>
        use((id) => request.db.query(sql`select id, note from orders where id = ${id}`)),
    ),
  async pg(dsn) {
    const pool = new pg.Pool({ connectionString: dsn, max: CONNECTIONS })
    return {
      async query(id) {
        const client = await pool.connect()
        try {
          await client.query('begin')
          await client.query({ name: 'context', text: CONTEXT, values: ['ada', 'red'] })
          const { rows } = await client.query({ name: 'one', text: TEXT, values: [id] })
          await client.query('commit')
          return rows
        } finally {
          client.release()
        }
      },
      close: () => pool.end(),
    }
  },
  '@fastify/postgres': (dsn) =>
    withRequest(
      async (app) => app.register(fastifyPostgres, { connectionString: dsn, max: CONNECTIONS }),
      (app, _request, use) =>
        use((id) =>
          app.pg.transact(async (client) => {
            await client.query({ name: 'context', text: CONTEXT, values: ['ada', 'red'] })
            return (await client.query({ name: 'one', text: TEXT, values: [id] })).rows
          }),
        ),
    ),
  async 'postgres.js'(dsn) {
    const db = postgres(dsn, { max: CONNECTIONS, onnotice: () => undefined })
    return {
      // Sent together, as its manual shows for statements that do not need each other.
      query: async (id) =>
        (
          await db.begin((tx) => [
            tx`select set_config('app.current_user_id', ${'ada'}, true), set_config('app.current_tenant_id', ${'red'}, true)`,
            tx`select id, note from orders where id = ${id}`,
          ])
        )[1],
      close: () => db.end(),
    }
  },
  async Kysely(dsn) {
    const db = new Kysely({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: dsn, max: CONNECTIONS }) }),
    })
    return {
      query: (id) =>
        db.transaction().execute(async (tx) => {
          await kyselySql`select set_config('app.current_user_id', ${'ada'}, true), set_config('app.current_tenant_id', ${'red'}, true)`.execute(
            tx,
          )
          return tx.selectFrom('orders').select(['id', 'note']).where('id', '=', id).execute()
        }),
      close: () => db.destroy(),
    }
  },
  async slonik(dsn) {
    const pool = await createPool(dsn, { maximumPoolSize: CONNECTIONS, ssl: false })
    return {
      query: (id) =>
        pool.transaction(async (tx) => {
          await tx.query(
            slonikSql.unsafe`select set_config('app.current_user_id', ${'ada'}, true), set_config('app.current_tenant_id', ${'red'}, true)`,
          )
          return tx.any(slonikSql.unsafe`select id, note from orders where id = ${id}`)
        }),
      close: () => pool.end(),
    }
  },
}

async function measure(query, milliseconds) {
  const until = performance.now() + milliseconds
  const times = []
  const before = process.cpuUsage()
  const started = performance.now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, worker) => {
      for (let n = worker * 2; performance.now() < until; n++) {
        const id = ((n % 500) + 1) * 2
        const began = performance.now()
        const rows = await query(id)
        times.push(performance.now() - began)
        if (rows.length !== 1 || rows[0].id !== id) throw new Error('a wrong row')
      }
    }),
  )
  const { user, system } = process.cpuUsage(before)
  const elapsed = performance.now() - started
  times.sort((a, b) => a - b)
  return {
    rate: (times.length / elapsed) * 1_000,
    cpu: (user + system) / times.length,
    p50: times[Math.floor(times.length / 2)],
    p99: times[Math.floor(times.length * 0.99)],
  }
}

async function compare(title, dsn) {
  const names = Object.keys(PEERS).filter(
    (name) => !process.env.ONLY || process.env.ONLY.split('|').includes(name),
  )
  const peers = {}
  for (const name of names) peers[name] = { ...(await PEERS[name](dsn)), samples: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const sample = await measure(peers[name].query, round === 0 ? SLICE * 2 : SLICE)
      // The first round only warms up.
      if (round > 0) peers[name].samples.push(sample)
    }
  }
  for (const { close } of Object.values(peers)) await close()
  const of = (name, key) => median(peers[name].samples.map((sample) => sample[key]))
  const ratio = (name, to) =>
    median(peers[name].samples.map(({ rate }, round) => rate / peers[to].samples[round].rate))
  console.log(`\n${title}`)
  printTable([
    ['', 'queries/s', 'of the named statement', 'safe-db is', 'p50 ms', 'p99 ms', 'µs of CPU'],
    ...names.map((name) => [
      name,
      Math.round(of(name, 'rate')),
      ratio(name, names[0]).toFixed(2),
      `${ratio('safe-db', name).toFixed(2)}x`,
      of(name, 'p50').toFixed(2),
      of(name, 'p99').toFixed(2),
      of(name, 'cpu').toFixed(0),
    ]),
  ])
}

async function main() {
  const server = await startPostgres()
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(SCHEMA)
  await admin.end()
  const dsn = (port) => `postgres://app:only%20here@127.0.0.1:${port}/postgres`
  await compare('loopback', dsn(server.port))
  const child = fork(import.meta.filename, [String(server.port)])
  const { port } = await new Promise((resolve) => child.once('message', resolve))
  await compare('a round trip of 2 ms', dsn(port))
  child.disconnect()
  await server.stop()
}

if (process.argv[2] === undefined) await main()
else relay(Number(process.argv[2]), 1)
