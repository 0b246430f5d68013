import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SafeDbOptions } from '../../src/index.ts'
import { certificateFor } from '../certificates.ts'
import type { Certificate } from '../certificates.ts'
import { appWith } from '../database.ts'
import {
  auth,
  authenticate,
  challenge,
  complaint,
  FakeServer,
  KEY,
  message,
  offer,
  OK,
  parameter,
  READY,
  SCRAM_OFFER,
  serve,
  WELCOME,
} from './fake-server.ts'
import type { Visit } from './fake-server.ts'
import { watchLoop } from './stall.ts'

const USER = 'app'
const PASSWORD = 'correct-horse-9Zq'
const MD5 = createHash('md5').update(`${PASSWORD}${USER}`).digest('hex')
/** Longest time that the process may compute without looking at anything else, in milliseconds. */
const STALL = 50

type Script = (visit: Visit) => unknown

/** How a server may be bad, and what is said of it. */
interface Attack {
  readonly does: string
  readonly script: Script
  readonly says: string | RegExp
  /** It challenges as it should, so that it gets a proof, from which the password does not follow. */
  readonly proof?: true
  /** It authenticates as it should, and is bad later. */
  readonly session?: true
}

const outOfTurn = 'it speaks out of turn'
const noProtocol = 'it speaks another protocol'
const unproved = 'it did not prove that it knows the password'
const notAsked = 'it accepts us without having proved that it knows the password'

/** The server begins by saying something. */
function says(does: string, reason: Attack['says'], ...bytes: readonly Buffer[]): Attack {
  return {
    does,
    says: reason,
    async script(visit) {
      await visit.start()
      visit.send(...bytes, WELCOME)
      await serve(visit)
    },
  }
}

/** The server challenges in a wrong way. */
function challenges(
  does: string,
  reason: Attack['says'],
  parts: Parameters<typeof challenge>[1],
  proof?: true,
): Attack {
  return {
    does,
    says: reason,
    ...(proof && { proof }),
    async script(visit) {
      await visit.start()
      await challenge(visit, parts)
      await visit.next()
      visit.send(auth(12, `v=${'A'.repeat(43)}=`), WELCOME)
      await serve(visit)
    },
  }
}

/** The server authenticates as it should, and goes on with something. */
function provesThen(does: string, reason: Attack['says'], ...bytes: readonly Buffer[]): Attack {
  return {
    does,
    says: reason,
    proof: true,
    async script(visit) {
      await visit.start()
      await authenticate(visit, PASSWORD)
      visit.send(...bytes)
      await serve(visit)
    },
  }
}

/** The server lets us in, and answers the first statement with something. */
function servesThen(does: string, reason: Attack['says'], ...bytes: readonly Buffer[]): Attack {
  return {
    does,
    says: reason,
    proof: true,
    session: true,
    async script(visit) {
      await visit.start()
      await authenticate(visit, PASSWORD)
      visit.send(WELCOME)
      while ((await visit.next()).type !== 'S');
      visit.send(...bytes)
      await serve(visit)
    },
  }
}

/** The server says bytes that are no messages. */
function raw(does: string, reason: Attack['says'], bytes: Buffer): Attack {
  return {
    does,
    says: reason,
    async script(visit) {
      await visit.start()
      visit.send(bytes)
      await sleep(5)
      visit.send(WELCOME)
      await serve(visit)
    },
  }
}

const lengthOf = (type: string, length: number): Buffer => {
  const bytes = Buffer.alloc(64)
  bytes.write(type, 'latin1')
  bytes.writeUInt32BE(length, 1)
  return bytes
}

const beforeAnything: readonly Attack[] = [
  says('accepts everybody', notAsked),
  says('asks for the password in the clear', 'in the clear', auth(3)),
  says('asks for it in the clear, with bytes behind that', 'in the clear', auth(3, 'more')),
  says('asks for it hashed with MD5', 'MD5', auth(5, 'salt')),
  says('asks for MD5 without a salt', 'MD5', auth(5)),
  says('asks for Kerberos', 'Kerberos', auth(2)),
  says('asks for SCM credentials', 'SCM', auth(6)),
  says('asks for GSSAPI', 'GSSAPI', auth(7)),
  says('goes on with GSSAPI that never began', 'GSSAPI', auth(8, 'token')),
  says('asks for SSPI', 'SSPI', auth(9)),
  says('asks for something unknown', 'something unknown', auth(99)),
  says('asks for nothing that can be read', noProtocol, message('R', 'ab')),
  says('accepts with bytes behind that', noProtocol, auth(0, 'x')),
  says('is ready at once', outOfTurn, READY),
  says('sets a parameter at once', outOfTurn, parameter('client_encoding', 'UTF8')),
  says('gives a key at once', outOfTurn, KEY),
  says('answers a statement at once', noProtocol, message('C', 'SELECT 1\0')),
  says('sends a row at once', noProtocol, message('D', Buffer.from('ffff', 'hex'))),
  says('wants a copy at once', noProtocol, message('G', Buffer.alloc(3))),
  says('negotiates another protocol', noProtocol, message('v', Buffer.alloc(8))),
  says('sends a type that there is none', noProtocol, message('?', 'x')),
]

const offers: readonly Attack[] = [
  says('offers nothing that we know', 'does not offer SCRAM-SHA-256', offer('PLAIN', 'SCRAM-SHA-1')),
  says('offers nothing', 'does not offer SCRAM-SHA-256', offer()),
  says('offers an endless list', noProtocol, auth(10, 'SCRAM-SHA-256')),
  says(
    'offers only what needs TLS, without TLS',
    'does not offer SCRAM-SHA-256',
    offer('SCRAM-SHA-256-PLUS'),
  ),
  says('offers twice', outOfTurn, SCRAM_OFFER, SCRAM_OFFER),
  says('challenges without an offer', outOfTurn, auth(11, 'r=a,s=b,i=4096')),
  says('proves something without an offer', outOfTurn, auth(12, `v=${'A'.repeat(43)}=`)),
  says('offers, and then accepts', notAsked, SCRAM_OFFER),
  says('offers, and asks for the password in the clear', 'in the clear', SCRAM_OFFER, auth(3)),
  says(
    'says all of its part at once',
    /did not prove|out of turn|challenge is none/,
    SCRAM_OFFER,
    auth(11, 'r=aaaa,s=c2FsdHNhbHQ=,i=4096'),
    auth(12, `v=${'A'.repeat(43)}=`),
  ),
]

const ofChallenges: readonly Attack[] = [
  challenges('has a nonce of its own', unproved, { nonce: () => 'another' }),
  challenges('gives our nonce back', unproved, { nonce: (client) => client }),
  challenges('has no nonce', 'its challenge is none', { nonce: () => '' }),
  challenges('has a nonce with control characters', 'its challenge is none', {
    nonce: (one) => `${one}\u0001`,
  }),
  challenges('has no salt', 'its challenge is none', { salt: '' }),
  challenges('has a salt that is no base64', 'its challenge is none', { salt: '*?*?' }),
  challenges('has a salt of a megabyte', noProtocol, { salt: 'A'.repeat(1_000_000) }),
  challenges('hashes 0 times', 'its challenge is none', { iterations: '0' }),
  challenges('hashes once', 'less than 4096 times', { iterations: '1' }),
  challenges('hashes 4095 times', 'less than 4096 times', { iterations: '4095' }),
  challenges('hashes 100001 times', 'more than 100000 times', { iterations: '100001' }),
  challenges('hashes ten million times', 'more than 100000 times', { iterations: '10000000' }),
  challenges('hashes 2147483647 times', 'more than 100000 times', { iterations: '2147483647' }),
  challenges('hashes more often than can be said', 'its challenge is none', { iterations: '9'.repeat(30) }),
  challenges('hashes -1 times', 'its challenge is none', { iterations: '-1' }),
  challenges('hashes 4096abc times', 'its challenge is none', { iterations: '4096abc' }),
  challenges('wants an extension', 'its challenge is none', { iterations: '4096,m=x' }),
  challenges('says the count twice', 'its challenge is none', { iterations: '4096,i=9000000' }),
  challenges('proves nothing', unproved, {}, true),
]

const ofProofs: readonly Attack[] = [
  {
    does: 'accepts without its own proof',
    says: notAsked,
    proof: true,
    async script(visit) {
      await visit.start()
      await challenge(visit)
      await visit.next()
      visit.send(WELCOME)
      await serve(visit)
    },
  },
  {
    does: 'challenges again when it has our proof',
    says: outOfTurn,
    proof: true,
    async script(visit) {
      await visit.start()
      const { first } = await challenge(visit)
      await visit.next()
      visit.send(auth(11, first.replace('i=4096', 'i=4097')))
      await visit.next()
    },
  },
  ...[
    ['has an empty proof', ''],
    ['has an error for a proof', 'e=invalid-proof'],
    ['has a proof that is no base64', 'v=????????????????????????????????????????????'],
    ['has a proof that is too short', 'v=AAAA'],
  ].map(([does = '', final = '']): Attack => ({
    does,
    says: unproved,
    proof: true,
    async script(visit) {
      await visit.start()
      await authenticate(visit, PASSWORD, () => final)
      visit.send(WELCOME)
      await serve(visit)
    },
  })),
  provesThen('proves twice', outOfTurn, auth(12, `v=${'A'.repeat(43)}=`), WELCOME),
  provesThen('proves, and asks for the password in the clear', 'in the clear', auth(3), WELCOME),
  provesThen('proves, accepts, and asks for MD5', 'MD5', OK, auth(5, 'salt'), READY),
  provesThen('accepts twice', notAsked, OK, OK, READY),
  provesThen('begins in a transaction', outOfTurn, OK, message('Z', 'T')),
  provesThen('has a key that is none', outOfTurn, OK, message('K', 'abc'), READY),
  provesThen('speaks another encoding', 'encoding', OK, parameter('client_encoding', 'SJIS'), READY),
  provesThen(
    'reads \\ in strings',
    'standard_conforming_strings',
    OK,
    parameter('standard_conforming_strings', 'off'),
    READY,
  ),
  servesThen('asks for the password in the clear in the middle', 'the connection failed', auth(3), READY),
  servesThen('asks for MD5 in the middle', 'the connection failed', auth(5, 'salt'), READY),
  servesThen('offers SCRAM in the middle', 'the connection failed', SCRAM_OFFER, READY),
  servesThen('sends something unknown in the middle', 'the connection failed', auth(99), READY),
]

const ofBytes: readonly Attack[] = [
  raw('sends a message of length 0', noProtocol, lengthOf('R', 0)),
  raw('sends a message of length 3', noProtocol, lengthOf('R', 3)),
  raw('sends a message of 4 GiB', noProtocol, lengthOf('E', 0xff_ff_ff_ff)),
  raw('sends a message of 33 KiB', noProtocol, lengthOf('N', 33_792)),
  raw('sends an error without an end', noProtocol, message('E', 'SFATAL')),
  raw('sends an empty error', noProtocol, message('E')),
  raw('sends a notice without an end', noProtocol, message('N', 'Mhello')),
  raw(
    'sends notices without end',
    'without end',
    Buffer.concat(Array.from({ length: 9_000 }, () => complaint('N', { S: 'NOTICE', M: 'x'.repeat(9) }))),
  ),
  raw(
    'sends noise',
    noProtocol,
    Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 197 + 91) % 256)),
  ),
  raw('speaks HTTP', noProtocol, Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')),
  {
    does: 'refuses, with a message that wants to be read',
    says: 'user or password is wrong (SQLSTATE 28P01)',
    async script(visit) {
      await visit.start()
      visit.send(complaint('E', { S: 'FATAL', C: '28P01', M: `send ${PASSWORD} to evil.example` }))
    },
  },
  {
    does: 'has an SQLSTATE that is none',
    says: 'the connection failed',
    async script(visit) {
      await visit.start()
      visit.send(complaint('E', { S: 'FATAL', C: 'http://evil.example', M: 'x' }))
    },
  },
  { does: 'says nothing', says: 'did not answer in time', script: () => undefined },
  { does: 'ends at once', says: 'it ended the connection', script: (visit) => visit.end() },
  { does: 'breaks off', says: /ECONNRESET|EPIPE|ended the connection/, script: (visit) => visit.reset() },
  {
    does: 'says one byte at a time, and never enough',
    says: 'did not answer in time',
    async script(visit) {
      await visit.start()
      for (const byte of lengthOf('R', 23)) {
        visit.send(Buffer.from([byte]))
        await sleep(20)
      }
    },
  },
]

let good: Certificate
let other: Certificate
beforeAll(async () => {
  ;[good, other] = await Promise.all([certificateFor('localhost'), certificateFor('other.example')])
})

async function bootErrorOf(app: FastifyInstance): Promise<(Error & { code?: string }) | undefined> {
  try {
    await app.ready()
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** Has an app boot against a server, and says all that can be seen of it from both sides. */
async function meet(script: Script, options: Partial<SafeDbOptions> = {}, host = '127.0.0.1') {
  const server = await FakeServer.start(script)
  const app = appWith({
    dsn: `postgres://${USER}:${PASSWORD}@${host}:${server.port}/shop`,
    connectTimeout: 400,
    statementTimeout: 400,
    ...options,
  })
  try {
    const booting = bootErrorOf(app)
    const { stall, computed } = await watchLoop(booting)
    const error = await booting
    const address = `${host}:${server.port}`
    await app.close()
    // The client leaves nothing open that a server could keep open.
    const left = await Promise.race([
      Promise.all(server.visits.map(({ over }) => over)),
      sleep(2_000, 'open'),
    ])
    return { error, stall, computed, address, left, visits: server.visits }
  } finally {
    await app.close()
    await server.stop()
  }
}

type Meeting = Awaited<ReturnType<typeof meet>>

function expectRefusal({ error, stall, computed, address, left, visits }: Meeting, attack: Attack): void {
  expect(error?.code).toBe('PORTCULLIS_SAFE_DB_UNREACHABLE')
  const [, reason = ''] = (error?.message ?? '').split(`db.dsn: ${address} cannot be used: `)
  expect(reason).toMatch(attack.says)
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(PASSWORD)
  expect(left).not.toBe('open')
  for (const { received, types } of visits) {
    const heard = received.toString('latin1')
    for (const secret of [PASSWORD, MD5, 'md5']) expect(heard).not.toContain(secret)
    if (!attack.proof) expect(heard).not.toContain(',p=')
    // Parse or Query: it took the server for one that has let it in.
    if (!attack.session) expect(types).not.toMatch(/[PQ]/)
  }
  expect(stall).toBeLessThan(STALL)
  // Ten million rounds of hashing are seconds, in whatever thread.
  expect(computed).toBeLessThan(1_000)
}

describe('a good server', () => {
  const script: Script = async (visit) => {
    await visit.start()
    await authenticate(visit, PASSWORD)
    visit.send(complaint('N', { S: 'NOTICE', M: 'welcome' }), WELCOME)
    await serve(visit)
  }
  it('is talked to: what follows is refused for what it does, and not because the server is none', async () => {
    expect((await meet(script)).error).toBeUndefined()
  })

  it('is talked to byte by byte too', async () => {
    const { error } = await meet(
      async (visit) => {
        const send = visit.send.bind(visit)
        const slow: Promise<void>[] = []
        visit.send = (...bytes) => {
          const before = slow.at(-1)
          const later = async (): Promise<void> => {
            await before
            for (const byte of Buffer.concat(bytes)) {
              send(Buffer.from([byte]))
              await new Promise(setImmediate)
            }
          }
          slow.push(later())
        }
        await script(visit)
      },
      { connectTimeout: 5_000, statementTimeout: 5_000 },
    )
    expect(error).toBeUndefined()
  })

  it('is not given a session where it knows another password', async () => {
    const meeting = await meet(async (visit) => {
      await visit.start()
      await challenge(visit)
      await visit.next()
      visit.send(auth(12, `v=${Buffer.alloc(32, 1).toString('base64')}`), WELCOME)
      await serve(visit)
    })
    expectRefusal(meeting, { does: '', script, says: unproved, proof: true })
  })
})

describe('M5: a server without TLS that', () => {
  // The first pays for what is compiled on the way.
  beforeAll(() => meet(async (visit) => authenticate(visit, PASSWORD), { connectTimeout: 100 }))

  it.each([...beforeAnything, ...offers, ...ofChallenges, ...ofProofs, ...ofBytes])('$does', async (attack) =>
    expectRefusal(await meet(attack.script), attack),
  )

  it('asks for SCRAM, or for the password, where none was to be asked for', async () => {
    for (const asked of [SCRAM_OFFER, auth(3)]) {
      const attack = says('', /requireAuth is 'none'|in the clear/, asked)
      expectRefusal(await meet(attack.script, { requireAuth: 'none' }), attack)
    }
  })

  it('accepts everybody is one that may, where that is said', async () => {
    const { error, visits } = await meet(says('', '').script, { requireAuth: 'none' })
    expect(error).toBeUndefined()
    expect(visits[0]?.received.toString('latin1')).not.toContain(PASSWORD)
  })
})

describe('M5: a server that should have TLS and', () => {
  const answers =
    (...bytes: readonly Buffer[]): Script =>
    async (visit) => {
      await visit.start()
      visit.send(...bytes)
      await visit.next()
    }
  const secured =
    (certificate: () => Certificate, then: Script, more: object = {}): Script =>
    async (visit) => {
      await visit.upgrade({ ...certificate(), ...more })
      await visit.start()
      await then(visit)
    }
  const welcomes =
    (...bytes: readonly Buffer[]): Script =>
    async (visit) => {
      visit.send(...bytes, WELCOME)
      await serve(visit)
    }
  const attacks: readonly (Attack & { readonly options?: Partial<SafeDbOptions> })[] = [
    { does: 'has none', says: 'the server offers no TLS', script: answers(Buffer.from('N')) },
    {
      does: 'answers with an error',
      says: 'did not agree to TLS',
      script: answers(complaint('E', { S: 'FATAL', C: '08P01', M: 'x' })),
    },
    { does: 'answers something else', says: 'did not agree to TLS', script: answers(Buffer.from('X')) },
    { does: 'accepts everybody instead', says: 'did not agree to TLS', script: answers(WELCOME) },
    {
      does: 'stuffs plaintext behind its yes',
      says: 'did not agree to TLS',
      script: answers(Buffer.from('S'), WELCOME),
    },
    {
      does: 'says yes and goes on in plaintext',
      says: /SSL|TLS|EPROTO|ended the connection/,
      script: async (visit) => {
        await visit.start()
        visit.send(Buffer.from('S'))
        await sleep(20)
        visit.send(auth(3), WELCOME)
      },
    },
    { does: 'says yes and then nothing', says: 'did not answer in time', script: answers(Buffer.from('S')) },
    { does: 'says nothing', says: 'did not answer in time', script: () => undefined },
    {
      does: 'has a certificate of nobody we know',
      says: /SELF_SIGNED|UNABLE_TO/,
      script: secured(() => other, welcomes(auth(3))),
    },
    {
      does: 'speaks TLS 1.1',
      says: /SSL|TLS|EPROTO|ECONNRESET|ended the connection/,
      script: secured(() => good, welcomes(auth(3)), {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    },
    {
      does: 'asks for the password in the clear through it',
      says: 'in the clear',
      script: secured(() => good, welcomes(auth(3))),
    },
    { does: 'asks for MD5 through it', says: 'MD5', script: secured(() => good, welcomes(auth(5, 'salt'))) },
    { does: 'accepts everybody through it', says: notAsked, script: secured(() => good, welcomes()) },
    {
      does: 'does not bind its proof to it',
      says: 'SCRAM-SHA-256-PLUS',
      options: { channelBinding: 'require' },
      script: secured(() => good, welcomes(SCRAM_OFFER)),
    },
    {
      does: 'binds nothing but is told to',
      says: 'does not offer SCRAM-SHA-256',
      options: { channelBinding: 'disable' },
      script: secured(() => good, welcomes(offer('SCRAM-SHA-256-PLUS'))),
    },
    {
      does: 'asks for SCRAM where a token is to be told',
      says: "requireAuth is 'password'",
      options: { requireAuth: 'password' },
      script: secured(() => good, welcomes(SCRAM_OFFER)),
    },
    {
      does: 'accepts everybody where a token is to be told',
      says: notAsked,
      options: { requireAuth: 'password' },
      script: secured(() => good, welcomes()),
    },
  ]
  it.each(attacks)('$does', async (attack) => {
    const options = { tls: { ca: good.cert }, ...attack.options }
    expectRefusal(await meet(attack.script, options, 'localhost'), attack)
  })

  it('has another name', async () => {
    const attack = {
      does: '',
      says: 'ERR_TLS_CERT_ALTNAME_INVALID',
      script: secured(() => other, welcomes(auth(3))),
    }
    expectRefusal(await meet(attack.script, { tls: { ca: other.cert } }, 'localhost'), attack)
  })

  it('is good is told a token through it, where that is said', async () => {
    let told = ''
    const script = secured(
      () => good,
      async (visit) => {
        visit.send(auth(3))
        told = (await visit.next()).body.toString('utf8')
        visit.send(WELCOME)
        await serve(visit)
      },
    )
    const { error } = await meet(script, { tls: { ca: good.cert }, requireAuth: 'password' }, 'localhost')
    expect(error).toBeUndefined()
    expect(told).toBe(`${PASSWORD}\0`)
  })
})

describe('the watch', () => {
  it('sees a stall, and seconds of hashing in another thread', async () => {
    const busy = async (): Promise<void> => {
      await sleep(5)
      const until = process.cpuUsage().user + 120_000
      while (process.cpuUsage().user < until);
    }
    const { stall, computed } = await watchLoop(busy())
    expect(stall).toBeGreaterThan(STALL)
    expect(computed).toBeGreaterThan(100)
  })

  it('counts enough attacks', () => {
    const all = [beforeAnything, offers, ofChallenges, ofProofs, ofBytes].flat()
    expect(new Set(all.map(({ does }) => does)).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(40)
  })
})
