import { generateKeyPairSync } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { auditLogger, verify } from '../src/index.ts'
import type { AuditLoggerOptions } from '../src/index.ts'
import {
  directory,
  keys,
  publicKey,
  rawLines,
  recordsIn,
  removeTrails,
  requestsIn,
  subjectSecret,
  trailOptions,
} from './trails.ts'

afterAll(removeTrails)

function build(options: AuditLoggerOptions): FastifyInstance {
  const app = Fastify()
  void app.register(auditLogger, options)
  app.get('/', () => 'ok')
  app.get('/health', { config: { audit: { onSinkFailure: 'drop' } } }, () => 'ok')
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-before', 'before'))
  app.get('/late', { config: { audit: { delivery: 'blocking' } } }, async (request, reply) => {
    renameSync(
      join(request.server.audit.directory, 'audit.jsonl'),
      join(request.server.audit.directory, 'away'),
    )
    void reply
      .header('set-cookie', 'session=1')
      .header('location', '/orders/42')
      .header('x-before', 'changed')
    reply.raw.setHeader('x-raw', 'secret')
    return { secret: 'data' }
  })
  return app
}

async function refusalOf(options: AuditLoggerOptions): Promise<string> {
  const app = build(options)
  const error: unknown = await app.ready().then(
    () => undefined,
    (failure: unknown) => failure,
  )
  await app.close()
  return (error as { code?: string } | undefined)?.code ?? 'it booted'
}

describe('the directory', () => {
  it('is made for its owner alone', async () => {
    const path = join(directory(), 'a', 'b')
    const app = build(trailOptions({ directory: path }))
    await app.ready()
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'audit.jsonl')).mode & 0o777).toBe(0o600)
    await app.close()
    expect(existsSync(join(path, 'audit.lock'))).toBe(false)
  })

  it('that cannot be made or written does not boot', async () => {
    const file = join(directory(), 'file')
    writeFileSync(file, '')
    expect(await refusalOf(trailOptions({ directory: join(file, 'trail') }))).toBe(
      'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE',
    )
    const path = directory()
    mkdirSync(join(path, 'audit.jsonl'))
    expect(await refusalOf(trailOptions({ directory: path }))).toBe(
      'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE',
    )
  })

  // Root may write where the mode forbids it, so this is a file system that takes no file from anybody.
  it.runIf(process.platform === 'linux')('on a file system that takes no files does not boot', async () => {
    for (const path of ['/proc/portcullis-trail', '/proc/self/fdinfo']) {
      expect(await refusalOf(trailOptions({ directory: path }))).toBe(
        'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE',
      )
    }
  })

  it.runIf(process.getuid?.() !== 0)('whose mode forbids writing does not boot', async () => {
    const path = directory()
    chmodSync(path, 0o500)
    expect(await refusalOf(trailOptions({ directory: path }))).toBe(
      'PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE',
    )
  })

  it('that others may write to does not boot in production', async () => {
    const path = directory()
    chmodSync(path, 0o777)
    const before = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      expect(await refusalOf(trailOptions({ directory: path }))).toBe(
        'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      )
    } finally {
      process.env['NODE_ENV'] = before
    }
  })

  it('has one writer', async () => {
    const options = trailOptions()
    const app = build(options)
    await app.ready()
    expect(await refusalOf(options)).toBe('PORTCULLIS_AUDIT_LOGGER_TRAIL_LOCKED')
    await app.close()
    expect(await refusalOf(options)).toBe('it booted')
  })
})

describe('a trail that was there', () => {
  async function trailWith(requests: number): Promise<AuditLoggerOptions> {
    const options = trailOptions()
    const app = build(options)
    for (let count = 0; count < requests; count++) await app.inject('/')
    await app.close()
    return options
  }

  it('is continued', async () => {
    const options = await trailWith(3)
    const app = build(options)
    await app.inject('/')
    expect(await app.audit.verify()).toMatchObject({ ok: true })
    await app.close()
    expect(requestsIn(options.directory)).toHaveLength(4)
    expect(await verify(options.directory, { publicKey })).toMatchObject({ ok: true })
  })

  it('loses a line that was torn, keeps its bytes beside, and says so', async () => {
    const options = await trailWith(2)
    appendFileSync(join(options.directory, 'audit.jsonl'), '{"seq":9,"prev":"torn')
    const app = build(options)
    await app.ready()
    await app.close()
    expect(recordsIn(options.directory).find(({ type }) => type === 'audit.recovered')).toMatchObject({
      details: { bytes: 21 },
    })
    expect(readdirSync(options.directory).filter((name) => name.includes('.cut-'))).toHaveLength(1)
    expect(await verify(options.directory, { publicKey })).toMatchObject({ ok: true })
  })

  it('that was edited or cut does not boot, unless recover is asked for', async () => {
    const edited = await trailWith(4)
    const lines = rawLines(edited.directory)
    const path = join(edited.directory, 'audit.jsonl')
    writeFileSync(path, `${lines.with(2, (lines[2] ?? '').replace('INFO', 'info')).join('\n')}\n`)
    expect(await refusalOf(edited)).toBe('PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED')
    expect(await refusalOf({ ...edited, recover: true })).toBe('it booted')
    expect(await refusalOf(edited)).toBe('it booted')

    const cut = await trailWith(4)
    writeFileSync(join(cut.directory, 'audit.jsonl'), `${rawLines(cut.directory).slice(0, 4).join('\n')}\n`)
    expect(await refusalOf(cut)).toBe('PORTCULLIS_AUDIT_LOGGER_TRAIL_DAMAGED')
  })
})

describe('two scopes', () => {
  it('share a trail only with the same settings of it', async () => {
    const options = trailOptions()
    const codeWith = async (more: Partial<AuditLoggerOptions>): Promise<string> => {
      const app = Fastify()
      void app.register(auditLogger, options)
      void app.register(async (child) => {
        await child.register(auditLogger, { ...options, ...more })
      })
      const said = await app.ready().then(
        () => 'ready',
        (error: unknown) => (error as Error).message,
      )
      await app.close()
      return said
    }
    expect(await codeWith({ level: 'request' })).toBe('ready')
    expect(await codeWith({ signingKey: generateKeyPairSync('ed25519').privateKey })).toContain(
      'audit.signingKey',
    )
    expect(await codeWith({ sinkTimeout: 7 })).toContain('audit.sinkTimeout')
    expect(await codeWith({ origin: 'other' })).toContain('audit.origin')
  })
})

describe('a sink that fails', () => {
  it('refuses where the route is fail-closed, counts what is lost elsewhere, and comes back', async () => {
    const options = trailOptions()
    const app = build(options)
    expect((await app.inject('/')).statusCode).toBe(200)
    await app.audit.flush()
    const file = join(options.directory, 'audit.jsonl')
    renameSync(file, `${file}.away`)
    expect((await app.inject('/health')).statusCode).toBe(200)
    await app.audit.flush()
    const refused = await app.inject('/')
    expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([
      503,
      'AUDIT_UNAVAILABLE',
      '5',
    ])
    expect((await app.inject('/health')).statusCode).toBe(200)
    expect((await app.inject('/nowhere')).statusCode).toBe(404)
    await app.audit.flush()
    renameSync(`${file}.away`, file)
    for (let tries = 0; !app.audit.ready && tries < 300; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await app.inject('/')).statusCode).toBe(200)
    await app.close()
    // Two of /health, the refused one and the 404.
    expect(recordsIn(options.directory).find(({ type }) => type === 'audit.gap')).toMatchObject({
      severity: 'ERROR',
      details: { count: 4 },
    })
    expect(await verify(options.directory, { publicKey })).toMatchObject({ ok: true })
  })

  it('keeps an answer back that could not be recorded, where the route waits for it', async () => {
    const app = build(trailOptions())
    const answer = await app.inject('/late')
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'AUDIT_UNAVAILABLE'])
    expect(answer.body).not.toContain('data')
    const { 'set-cookie': cookie, location, 'x-raw': raw, 'x-before': before } = answer.headers
    expect([cookie, location, raw, before]).toEqual([undefined, undefined, undefined, 'before'])
    expect(answer.headers['x-request-id']).toBeDefined()
    await app.close()
  })
})

const program = fileURLToPath(new URL('writer.program.js', import.meta.url))

interface Run {
  readonly acknowledged: number[]
  /** What else it said: how it was refused, or why it did not start. */
  readonly said: ReadonlySet<string>
  readonly exitCode: number | null
}

/** Runs a server in a process of its own; `limit` is the largest file it may write, in KiB. */
async function runWriter(path: string, killAfter: number | undefined, limit?: number): Promise<Run> {
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const env = { ...process.env, TRAIL: path, KEY: key, SECRET: subjectSecret }
  const command = `${limit === undefined ? '' : `ulimit -S -f ${limit}; `}exec "$0" "$1"`
  const child = spawn('bash', ['-c', command, process.execPath, program], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const acknowledged: number[] = []
  const said = new Set<string>()
  let rest = ''
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (/^\d+$/.test(line)) acknowledged.push(Number(line))
      else said.add(line)
    }
    if (killAfter !== undefined && acknowledged.length >= killAfter) child.kill('SIGKILL')
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { acknowledged, said, exitCode }
}

describe('a process of its own', () => {
  it('that is killed has every event that it acknowledged on file', { timeout: 60_000 }, async () => {
    const path = join(directory(), 'trail')
    const acknowledged: number[] = []
    for (const killAfter of [50, 333, 1000])
      acknowledged.push(...(await runWriter(path, killAfter)).acknowledged)
    expect(acknowledged.length).toBeGreaterThanOrEqual(1383)
    const app = build(trailOptions({ directory: path }))
    await app.ready()
    await app.close()
    const recorded = new Set(recordsIn(path).map(({ seq }) => seq))
    expect(acknowledged.filter((seq) => !recorded.has(seq))).toEqual([])
    expect(await verify(path, { publicKey })).toMatchObject({ ok: true })
  })

  it('whose disk is full from the beginning does not start', { timeout: 60_000 }, async () => {
    const run = await runWriter(join(directory(), 'trail'), undefined, 0)
    expect([run.acknowledged, [...run.said], run.exitCode]).toEqual([
      [],
      ['did not start: PORTCULLIS_AUDIT_LOGGER_TRAIL_NOT_WRITABLE'],
      1,
    ])
  })

  it('whose disk is full refuses, and has what it acknowledged', { timeout: 60_000 }, async () => {
    const path = join(directory(), 'trail')
    const { acknowledged, said } = await runWriter(path, undefined, 512)
    expect(acknowledged.length).toBeGreaterThan(100)
    // The route waits for its own record, and the refusal is of that or of the next request: never anything but 503.
    expect([...said]).toEqual(['refused: 503 AUDIT_UNAVAILABLE'])
    const app = build(trailOptions({ directory: path }))
    await app.ready()
    await app.close()
    const recorded = new Set(recordsIn(path).map(({ seq }) => seq))
    expect(acknowledged.filter((seq) => !recorded.has(seq))).toEqual([])
  })
})
