import { frameworkErrors } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { depthLimit } from '@portcullis/depth-limit'
import mercurius from 'mercurius'
import { maskedStream, piiMasking } from '../src/index.ts'

const SSN = '123-45-6789'

function collect() {
  const lines: string[] = []
  return {
    lines,
    stream: maskedStream(
      { write: (line: string) => lines.push(line) },
      { classify: { email: 'EMAIL_ADDRESS' } },
    ),
  }
}

describe('maskedStream', () => {
  it('masks what the app logs: deep members, child bindings, errors', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    app.get('/', (request) => {
      request.log.child({ user: { userSsn: SSN } }).info({ list: [{ EMAIL: 'ada@example.com' }] }, 'seen')
      request.log.error({ err: Object.assign(new Error('failed'), { password: 'hunter2' }) })
      return 'ok'
    })
    await app.inject('/')
    await app.close()
    const text = lines.join('')
    for (const secret of ['123-45', 'ada@', 'hunter2']) expect(text).not.toContain(secret)
    expect(text).toContain('***-**-6789')
    expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true)
  })

  it("masks the URLs of Fastify's own lines, whoever asked for them", async () => {
    const { lines, stream } = collect()
    const app = Fastify({ frameworkErrors, logger: { stream } })
    app.get('/users', () => 'ok')
    for (const url of [
      `/users?ssn=${SSN}&email=ada.lovelace%40example.com&q=${SSN}`,
      `/missing/${SSN}?password=hunter2`,
      '/%c0hunter2',
    ])
      await app.inject(url)
    await app.close()
    const text = lines.join('')
    for (const secret of ['123-45', 'lovelace', 'hunter2', '%c0']) expect(text).not.toContain(secret)
    expect(text).toContain('"url":"/users?ssn=***-**-6789&email=a***@example.com&q=***-**-6789"')
    expect(text).toContain('"msg":"Route GET:/missing/***-**-6789?password=*** not found"')
    expect(text).toContain('"url":"/[undecodable]"')
  })

  it('writes no line that it cannot read', () => {
    const { lines, stream } = collect()
    stream.write(`ssn ${SSN}\n`)
    expect(lines.join('')).not.toContain('123-45')
    expect(lines).toHaveLength(1)
  })

  it('leaves a destination that fails to pino, without writing twice', () => {
    let writes = 0
    const stream = maskedStream({
      write() {
        writes += 1
        throw new Error('disk full')
      },
    })
    expect(() => stream.write('{"ssn":"1"}\n')).toThrow('disk full')
    expect(writes).toBe(1)
  })

  it('does not start with a wrong classification', () => {
    expect(() => maskedStream(process.stdout, { classify: { ssn: 'SSN' } })).toThrow(/got 'SSN'/)
  })
})

describe('a stream that the plugin was told of', () => {
  const taxId = { type: 'string', 'x-data-classification': 'US_SOCIAL_SECURITY_NUMBER' }
  const schema = { response: { 200: { type: 'object', title: 'Payer', properties: { taxId } } } }
  const logged = async (app: FastifyInstance, lines: string[], value: object): Promise<string> => {
    await app.ready()
    lines.length = 0
    app.log.info(value)
    await app.close()
    return lines.join('')
  }

  it('masks what a response schema alone classifies, in any spelling', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    void app.register(piiMasking, { log: stream })
    app.get('/', { schema }, () => ({}))
    expect(await logged(app, lines, { payer: { tax_id: SSN } })).toContain('{"tax_id":"***-**-6789"}')
  })

  it('masks what a directive alone classifies, and what the classify option does', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    void app.register(depthLimit)
    void app.register(piiMasking, { log: stream, classify: { 'people.nick': 'PERSON_NAME' } })
    const sdl = `directive @pii(infoType: String!) on FIELD_DEFINITION
      type Query { me: Person } type Person { passNumber: String @pii(infoType: "PASSPORT") }`
    void app.register(mercurius, { schema: sdl })
    const line = await logged(app, lines, { a: [{ passNumber: 'C01X00T47', nick: 'Countess' }] })
    expect(line).toContain('[{"passNumber":"***","nick":"C***"}]')
  })

  it('masks only what it knows by name until it is told', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    app.log.info({ taxId: SSN, ssn: SSN, email: 'ada.lovelace@example.com' })
    void app.register(piiMasking, { log: stream })
    await app.close()
    expect(lines[0]).toContain(`"taxId":"${SSN}","ssn":"***-**-6789","email":"a***@example.com"`)
  })

  it('masks what a path leads to, in lines and URLs, and the same name elsewhere not', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    void app.register(piiMasking, { log: stream, classify: { 'order.contact.note': 'GENERIC_ID' } })
    app.get('/', () => '')
    const url = '/?order[contact][note]=secret&note=open'
    await app.inject(url)
    expect(lines.join('')).toContain('"/?order[contact][note]=***&note=open"')
    const line = await logged(app, lines, { note: 'open', body: { order: { contact: { note: 'secret' } } } })
    expect(line).toContain('"note":"open","body":{"order":{"contact":{"note":"***"}}}')
  })

  it('is shared by registrations, hides what they call by two kinds, and keeps the members of the line', async () => {
    const { lines, stream } = collect()
    const app = Fastify({ logger: { stream } })
    const rest = async (scope: FastifyInstance, type: string): Promise<void> => {
      await scope.register(piiMasking, { log: stream, classify: { 'Event.time': 'DATE', code: type } })
    }
    void app.register(async (scope) => rest(scope, 'US_SOCIAL_SECURITY_NUMBER'))
    void app.register(async (scope) => rest(scope, 'CREDIT_CARD_NUMBER'))
    const line = await logged(app, lines, { code: SSN, event: { time: '1815-12-10' } })
    expect(line).toMatch(/"time":\d{13},.*"code":"\*\*\*","event":\{"time":"1815-\*\*-\*\*"\}/)
  })

  it('is what maskedStream made, or the app does not start', async () => {
    const app = Fastify()
    void app.register(piiMasking, { log: process.stdout })
    await expect(app.ready()).rejects.toThrow(/log: got .*takes a stream that maskedStream\(\) made/)
  })
})
