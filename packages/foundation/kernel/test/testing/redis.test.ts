import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startRedis } from '../../src/testing/services/redis.ts'
import type { RedisService } from '../../src/testing/services/redis.ts'

const started: RedisService[] = []
const start = async (...args: Parameters<typeof startRedis>): Promise<RedisService> => {
  const redis = await startRedis(...args)
  started.push(redis)
  return redis
}
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(started.splice(0).map((redis) => redis.stop()))
})

/** One inline command over a bare socket; 'silent' when nothing comes back within 300 ms. */
async function send(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`))
    socket.setTimeout(300, () => {
      socket.destroy()
      resolve('silent')
    })
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString())
    })
  })
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200; i += 1) {
    if (condition()) return true
    await delay(20)
  }
  return false
}

describe('startRedis', () => {
  it('serves on a free loopback port and is gone after stop', async () => {
    const redis = await start()
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`)
    expect(await send(redis.port, 'PING')).toContain('PONG')
    expect(await send(redis.port, 'CONFIG GET save')).toContain('$0')
    await redis.stop()
    await redis.stop()
    expect(alive(redis.pid)).toBe(false)
    await expect(send(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED')
  })

  it('two servers do not meet', async () => {
    const [one, two] = await Promise.all([start(), start()])
    await send(one.port, 'SET k 1')
    expect(await send(two.port, 'GET k')).toContain('$-1')
  })

  it('freezes, thaws, dies and comes back empty on the same port', async () => {
    const redis = await start()
    await send(redis.port, 'SET k 1')
    await redis.kill('SIGSTOP')
    expect(await send(redis.port, 'PING')).toBe('silent')
    await redis.kill('SIGCONT')
    expect(await send(redis.port, 'GET k')).toContain('1')
    const { pid } = redis
    await redis.kill('SIGKILL')
    expect(alive(pid)).toBe(false)
    await redis.restart()
    expect(redis.pid).not.toBe(pid)
    expect(await send(redis.port, 'GET k')).toContain('$-1')
  })

  it('stops a frozen server', async () => {
    const redis = await start()
    await redis.kill('SIGSTOP')
    await redis.stop()
    expect(alive(redis.pid)).toBe(false)
  })

  it('passes arguments on, and a server that asks for a password counts as up', async () => {
    const redis = await start({ args: ['--requirepass', 'a-password'] })
    expect(await send(redis.port, 'GET k')).toContain('NOAUTH')
  })

  it('says what the server said when it does not come up', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/did not answer/)
  })

  it('says how to install a server when none is on PATH', async () => {
    vi.stubEnv('PORTCULLIS_REDIS_SERVER', undefined)
    vi.stubEnv('PATH', '/nonexistent')
    await expect(startRedis()).rejects.toThrow('apt-get install redis-server')
  })

  it('starts the server that is chosen, by name or path, and says which is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-chosen-'))
    const [path, log] = [join(folder, 'chosen-server'), join(folder, 'log')]
    const usual = ['redis-server', 'valkey-server'].join(' || command -v ')
    const script = `#!/bin/sh\necho started >> ${log}\nexec "$(command -v ${usual})" "$@"\n`
    await writeFile(path, script, { mode: 0o755 })
    vi.stubEnv('PORTCULLIS_REDIS_SERVER', path)
    expect(await send((await start()).port, 'PING')).toContain('PONG')
    vi.stubEnv('PATH', `${process.env['PATH'] ?? ''}${delimiter}${folder}`)
    vi.stubEnv('PORTCULLIS_REDIS_SERVER', 'chosen-server')
    expect(await send((await start()).port, 'PING')).toContain('PONG')
    expect(await readFile(log, 'utf8')).toBe('started\nstarted\n')
    await rm(folder, { recursive: true })
    vi.stubEnv('PORTCULLIS_REDIS_SERVER', 'no-such-server')
    await expect(startRedis()).rejects.toThrow('No no-such-server on PATH')
    vi.stubEnv('PORTCULLIS_REDIS_SERVER', '/nonexistent/server')
    await expect(startRedis()).rejects.toThrow('/nonexistent/server could not be started')
  })

  it('starts a sentinel, which needs a file of configuration', async () => {
    const master = await start()
    const config = [`sentinel monitor main 127.0.0.1 ${master.port} 1`]
    const sentinel = await start({ args: ['--sentinel'], config })
    expect(await send(sentinel.port, 'SENTINEL GET-MASTER-ADDR-BY-NAME main')).toContain(String(master.port))
  })

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves nothing behind when its process ends by %s',
    async (signal) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', orphanProgram()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const line = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data) => resolve(String(data))),
      )
      const pid = Number(line)
      expect(alive(pid)).toBe(true)
      child.kill(signal)
      expect(await until(() => !alive(pid))).toBe(true)
    },
  )

  it('does not keep a process alive that forgot to stop it', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', orphanProgram('')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data) => resolve(String(data))),
    )
    await new Promise((resolve) => child.once('exit', resolve))
    expect(await until(() => !alive(Number(line)))).toBe(true)
  })
})

/** A program that starts a server, prints its pid and, by default, stays up. Vite, below vitest, strips the types. */
function orphanProgram(stay = 'setInterval(() => {}, 1000)'): string {
  const vitest = createRequire(import.meta.url).resolve('vitest/package.json')
  const source = join(import.meta.dirname, '../../src/testing/services/redis.ts')
  return `
    import { createRequire } from 'node:module'
    import { readFileSync } from 'node:fs'
    const { transformWithOxc } = await import(createRequire(${JSON.stringify(vitest)}).resolve('vite'))
    const { code } = await transformWithOxc(readFileSync(${JSON.stringify(source)}, 'utf8'), 'redis.ts')
    const { startRedis } = await import('data:text/javascript,' + encodeURIComponent(code))
    const redis = await startRedis()
    process.stdout.write(String(redis.pid))
    ${stay}
  `
}
