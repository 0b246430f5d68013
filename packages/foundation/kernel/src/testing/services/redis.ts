import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** How to start a Redis server for a test. */
export interface StartRedisOptions {
  /** Further command-line arguments, for example `['--requirepass', 'x']`. Default: none. */
  readonly args?: readonly string[]
  /** Lines of a configuration file, which a sentinel (`args: ['--sentinel']`) needs. Default: no file. */
  readonly config?: readonly string[]
  /** Milliseconds to wait for the first answer to PING. Default: 10,000. */
  readonly timeout?: number
}

/** A Redis server that belongs to the test that started it. */
export interface RedisService {
  /** `redis://127.0.0.1:<port>`, without credentials. */
  readonly url: string
  /** The loopback port; the same after a restart. */
  readonly port: number
  /** Process id of the running server, the last one when it is stopped. */
  readonly pid: number
  /** Ends the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>
  /** Sends a signal: SIGKILL resolves when the process is gone, SIGSTOP freezes it, SIGCONT thaws it. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Ends the server if it runs and starts an empty one on the same port. */
  restart(): Promise<void>
}

const SERVERS = ['redis-server', 'valkey-server']
/** Environment variable with the server to start instead: a name on `PATH`, or a path. */
const CHOICE = 'PORTCULLIS_REDIS_SERVER'
const INSTALL =
  'No redis-server or valkey-server on PATH. Install one with "apt-get install redis-server", or run scripts/setup as root.'

/**
 * Starts a real Redis (or Valkey: what is found on `PATH`, or what `PORTCULLIS_REDIS_SERVER` names) on a free loopback port, without persistence, in a folder of its own, and resolves
 * when it answers PING. The server ends with `stop()`, and also when this process ends in any way: a small shell holds
 * a pipe to this process and kills the server when that pipe closes, so that even SIGKILL leaves nothing behind.
 *
 * @throws Error with the line that installs a server when none is found, or with the server's own log when it
 * doesn't come up.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisService> {
  const binary = findServer()
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-redis-'))
  const timeout = options.timeout ?? 10_000
  const { args = [], config } = options
  // Another process may take the free port before the server binds it: three tries are plenty.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      return service(await launch({ binary, folder, port, args, config, timeout }))
    } catch (error) {
      if (attempt === 3 || !String(error).includes('Address already in use')) {
        await rm(folder, { recursive: true, force: true })
        throw error
      }
    }
  }
}

interface Launch {
  readonly binary: string
  readonly folder: string
  readonly port: number
  readonly args: readonly string[]
  readonly config: readonly string[] | undefined
  readonly timeout: number
}

interface Running extends Launch {
  readonly child: ChildProcess
  readonly pid: number
  readonly gone: Promise<void>
}

function service(first: Running): RedisService {
  let running = first
  const end = async (): Promise<void> => {
    running.child.kill('SIGKILL')
    await running.gone
  }
  return {
    url: `redis://127.0.0.1:${first.port}`,
    port: first.port,
    get pid() {
      return running.pid
    },
    async stop() {
      await end()
      await rm(first.folder, { recursive: true, force: true })
    },
    async kill(signal) {
      if (signal === 'SIGKILL') await end()
      else {
        running.child.kill(signal)
        if (signal === 'SIGSTOP') await stopped(running.pid)
      }
    },
    async restart() {
      await end()
      running = await launch(first)
    },
  }
}

async function launch(options: Launch): Promise<Running> {
  const { binary, folder, port } = options
  const log = join(folder, 'redis.log')
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    logfile: log,
    save: '',
    appendonly: 'no',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const files = options.config === undefined ? [] : [join(folder, 'redis.conf')]
  for (const file of files) await writeFile(file, `${options.config?.join('\n')}\n`)
  const child = spawn(binary, [...files, ...args, ...options.args], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${binary} could not be started`)
  guard(pid, folder, gone)
  child.unref()
  const state = { ended: false }
  void gone.then(() => {
    state.ended = true
  })
  const until = Date.now() + options.timeout
  while (!(await answersPing(port))) {
    if (state.ended || Date.now() > until) {
      child.kill('SIGKILL')
      await gone
      const lines = await readFile(log, 'utf8').catch(() => '')
      throw new Error(
        `${binary} did not answer on 127.0.0.1:${port}. ${lines.trim().split('\n').slice(-3).join(' ')}`,
      )
    }
    await delay(10)
  }
  // Something else answered on this port, and the server has ended because of it.
  await delay(0)
  if (state.ended) throw new Error(`${binary} ended: Address already in use (127.0.0.1:${port})`)
  return { ...options, child, pid, gone }
}

/** Resolves when the kernel has stopped the process: a signal takes effect a moment after it was sent. */
async function stopped(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const state = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]).catch(() => undefined)
    // Without ps there is nothing to ask: the delays of a few attempts have to do.
    if (state?.stdout.trim().startsWith('T') === true || (state === undefined && attempt === 5)) return
    await delay(10)
  }
}

/** Kills the server when this process is gone, however it went. */
function guard(pid: number, folder: string, gone: Promise<void>): void {
  const shell = spawn('sh', ['-c', 'read -r _; kill -9 "$1"; rm -rf "$2"', 'guard', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C reaches the whole foreground group: the guard has to outlive it.
    detached: true,
  })
  shell.once('error', () => undefined)
  shell.unref()
  // The pipe is a handle of its own and would keep the event loop alive.
  if (shell.stdin !== null && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function')
    shell.stdin.unref()
  void gone.then(() => shell.kill('SIGKILL'))
}

function findServer(): string {
  const chosen = process.env[CHOICE]
  if (chosen?.includes('/') === true) return chosen
  for (const name of chosen === undefined ? SERVERS : [chosen]) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const file = join(folder, name)
      try {
        accessSync(file, constants.X_OK)
        return file
      } catch {
        continue
      }
    }
  }
  throw new Error(chosen === undefined ? INSTALL : `No ${chosen} on PATH, which ${CHOICE} names.`)
}

/** A port nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1')
  return address.port
}

/** PING over a bare socket: true when the server serves, also when it asks for a password first. */
async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const finish = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => finish(/^(?:\+PONG|-NOAUTH)/.test(data.toString('latin1'))))
  })
}
