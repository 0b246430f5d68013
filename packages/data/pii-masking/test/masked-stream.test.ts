import { frameworkErrors } from '@portcullis/kernel'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { maskedStream } from '../src/index.ts'

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
