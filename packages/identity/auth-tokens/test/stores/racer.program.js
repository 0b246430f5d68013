// One process of several that share a store. Reads its task as JSON from its arguments, says `ready`, begins when it is told
// anything, and prints what became of it as JSON.
import { once } from 'node:events'
import pg from 'pg'
import { PostgresStore } from '../../dist/stores/postgres-store.js'
import { RedisStore } from '../../dist/stores/redis-store.js'

const task = JSON.parse(process.argv[2])
const TIMEOUT = 20_000
const use = { leeway: 60_000, keyId: 'k1', idleTtl: 600_000, accessTtl: 60_000 }
const session = {
  grant: '{}',
  keyId: 'k1',
  idleTtl: 600_000,
  absoluteTtl: 600_000,
  accessTtl: 60_000,
  maxSessions: 100,
}

const pool = task.store === 'postgres' ? new pg.Pool({ connectionString: task.url, max: 8 }) : undefined
const store = pool
  ? new PostgresStore({ pool, timeout: TIMEOUT })
  : new RedisStore({
      redis: task.url,
      keyPrefix: task.keyPrefix,
      keySecret: task.keySecret,
      timeout: TIMEOUT,
    })
await store.connect()
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const result = await (task.mode === 'refresh' ? refresh() : live())
await store.close()
await pool?.end()
process.stdout.write(`${JSON.stringify(result)}\n`)
process.stdin.destroy()

/** Uses the same refresh token of each session many times at once, and counts the answers. */
async function refresh() {
  const answers = {}
  for (let at = 0; at < task.sessions; at += 1) {
    const calls = Array.from({ length: task.parallel }, () =>
      store.use({ ...use, id: `s${at}`, generation: 0 }),
    )
    for (const { status, value, reason } of await Promise.allSettled(calls)) {
      const answer = status === 'rejected' ? String(reason) : `${value.outcome} ${value.session?.generation}`
      answers[answer] = (answers[answer] ?? 0) + 1
    }
  }
  return answers
}

/** Clients that refresh until they are sent away, and then sign in again. Everything they get is noted. */
async function live() {
  const notes = []
  const endAt = performance.now() + task.duration
  let count = 0
  const client = async (subject) => {
    let mine
    while (performance.now() < endAt) {
      const calledAt = Number(process.hrtime.bigint())
      count += 1
      if (mine === undefined) {
        const id = `${process.pid}-${count}`
        const opened = await store.open({ ...session, id, subject })
        mine = opened.session
        notes.push({ act: 'open', subject, calledAt, createdAt: mine.createdAt, issuedAt: opened.issuedAt })
      } else {
        const used = await store.use({ ...use, id: mine.id, generation: mine.generation })
        const noted = used.session ?? mine
        notes.push({
          act: used.outcome,
          subject,
          calledAt,
          createdAt: noted.createdAt,
          issuedAt: used.issuedAt ?? 0,
        })
        mine = used.session
      }
    }
  }
  await Promise.all(Array.from({ length: task.clients }, (_, at) => client(`subject ${at % task.subjects}`)))
  return notes
}
