import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
/** Messages of the protocol that clients have sent, by their first letter. */
let sent = ''
/** How often the direction turned from client to server. */
let turns = 0
let port: number
/** Whether errors come in another language. */
let translates = false

/**
 * Sends what the server says, message by message: an error in another language, and what follows it in a packet of its
 * own. PostgreSQL flushes an error before ReadyForQuery, so the two come in one chunk or in two.
 */
function translator(client: Socket): (chunk: Buffer) => void {
  let unread = Buffer.alloc(0)
  let sending = Promise.resolve()
  const send = async (message: Buffer): Promise<void> => {
    if (String.fromCharCode(message.readUInt8(0)) !== 'E') return void client.write(message)
    client.write(Buffer.from(message.toString('latin1').replaceAll('SERROR\0', 'SFEHLR\0'), 'latin1'))
    await setTimeout(30)
  }
  return (chunk) => {
    unread = Buffer.concat([unread, chunk])
    while (unread.length >= 5 && unread.length >= 1 + unread.readUInt32BE(1)) {
      const message = unread.subarray(0, 1 + unread.readUInt32BE(1))
      unread = unread.subarray(message.length)
      sending = sending.then(() => send(message))
    }
  }
}

const relay = createServer((client) => {
  const server = connect(database.server.port, database.server.host)
  const translate = translator(client)
  let answering = true
  client.on('data', (chunk: Buffer) => {
    if (answering) turns++
    answering = false
    for (let at = 0; at + 5 <= chunk.length; at += 1 + chunk.readUInt32BE(at + 1)) {
      sent += String.fromCharCode(chunk.readUInt8(at))
    }
    server.write(chunk)
  })
  server.on('data', (chunk: Buffer) => {
    answering = true
    if (translates) translate(chunk)
    else client.write(chunk)
  })
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('close', () => to.destroy()).on('error', () => to.destroy())
  }
})

beforeAll(async () => {
  database = await startDatabase()
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  port = (relay.address() as AddressInfo).port
})
afterAll(async () => {
  relay.close()
  await database.server.stop()
})

describe('on the wire', () => {
  it('a statement and its context are one round trip with one Sync, and never the simple protocol', async () => {
    const app = appWith({
      dsn: database.dsn.replace(String(database.server.port), String(port)),
      poolSize: 1,
    })
    app.get('/', (request) => request.db.query(sql`select id from orders order by id`))
    app.get('/tx', (request) => request.db.tx((tx) => tx.query(sql`select 1`)))
    await app.ready()

    const count = async (url: string): Promise<[number, string]> => {
      turns = 0
      sent = ''
      expect((await app.inject({ url, headers: { 'x-tenant': 'red' } })).statusCode).toBe(200)
      return [turns, sent]
    }
    // Parse, Bind, Describe, Execute: of the context, whose rows nobody wants, then of the statement; one Sync.
    expect(await count('/')).toEqual([1, 'PBEPBDES'])
    // What comes again is prepared, and then neither parsed nor described.
    expect(await count('/')).toEqual([1, 'PBEPBDES'])
    expect(await count('/')).toEqual([1, 'BEBES'])
    // Begin with context and statement, commit.
    expect(await count('/tx')).toEqual([2, 'PBEPBEPBDESPBDES'])
    await app.close()
  })

  it('a transaction whose beginning fails leaves no failed one behind, in whatever language the server says so', async () => {
    const app = appWith({
      dsn: database.dsn.replace(String(database.server.port), String(port)),
      poolSize: 1,
    })
    app.get('/', (request) => request.db.tx((tx) => tx.query(sql`select 1 as one`)))
    await app.ready()
    await database.admin('revoke execute on function set_config from public')
    translates = true
    try {
      expect((await app.inject('/')).json()).toMatchObject({ code: 'DATABASE_FORBIDDEN' })
      expect((await app.db.exec(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
    } finally {
      translates = false
      await database.admin('grant execute on function set_config to public')
    }
    expect((await app.inject('/')).json()).toEqual([{ one: 1 }])
    await app.close()
  })
})
