import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { auditLogger } from '../src/index.ts'
import { directory, keys, publicKey, removeTrails, subjectSecret, trailOptions } from './trails.ts'

afterAll(removeTrails)

const program = fileURLToPath(new URL('stuck.program.js', import.meta.url))

describe('a disk that stops to answer', () => {
  it('keeps nobody waiting for longer than sinkTimeout', { timeout: 60_000 }, async () => {
    const path = directory()
    const env = {
      ...process.env,
      UV_THREADPOOL_SIZE: '4',
      TRAIL: join(path, 'trail'),
      FIFO: mkdtempSync(join(path, 'fifo-')),
      KEY: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      SECRET: subjectSecret,
    }
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env, timeout: 50_000 })
    // In order: batch, an event that the handler waits for, one that is published, blocking, drop.
    expect(JSON.parse(stdout)).toEqual({
      during: [200, 503, 503, 503, 200],
      stuck: [503, 503, 503, 503, 200],
      after: [200, 200, 200, 200, 200],
      ok: true,
      closed: 'closed',
      closedWithin: expect.any(Number) as number,
      pending: 503,
    })
  })
})

describe('a keeper of checkpoints', () => {
  it('that fails, or never answers, is logged and asked again', async () => {
    const said: string[] = []
    const kept: string[] = []
    let calls = 0
    const app = Fastify({
      logger: { level: 'error', stream: { write: (line: string) => void said.push(line) } },
    })
    const onCheckpoint = async (note: string): Promise<void> => {
      calls += 1
      if (calls === 1) throw new Error('the keeper is away')
      if (calls === 2) return new Promise(() => undefined)
      kept.push(note)
    }
    void app.register(auditLogger, trailOptions({ onCheckpoint, checkpointInterval: 10, sinkTimeout: 50 }))
    await app.ready()
    await expect.poll(() => kept.length).toBe(1)
    await app.close()
    expect(kept).toHaveLength(2)
    expect(said.filter((line) => line.includes('checkpoint could not be published'))).toHaveLength(2)
  })
})
