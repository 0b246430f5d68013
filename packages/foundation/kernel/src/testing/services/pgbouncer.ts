import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, rmSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { stopOnExit } from './on-exit.ts'
import { asRoot, reachableTemporaryFolder, UNPRIVILEGED } from './postgres-binaries.ts'
import { isAlive, send } from './processes.ts'
import { watch } from './watchdog.ts'

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 10_000
/** Debian installs it where only root looks. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']

/** What a PgBouncer of our own stands before. */
export interface PgBouncerOptions {
  /** Port of the PostgreSQL server on loopback. */
  readonly port: number
  /** Passwords by user: PgBouncer asks for them, and has them asked for. */
  readonly users: Readonly<Record<string, string>>
  /** Settings as of `pgbouncer.ini`, over `pool_mode: transaction` and two server connections. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A real PgBouncer that belongs to the test that started it. */
export interface PgBouncerService {
  /** Always `127.0.0.1`. */
  readonly host: string
  readonly port: number
  /** Ends it and removes its folder. Calling it again does nothing. */
  stop(): Promise<void>
}

/** Where `pgbouncer` is on this machine; `undefined` where it is not installed. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...FOLDERS]
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'pgbouncer'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

/**
 * Starts PgBouncer in transaction mode before a PostgreSQL server, on a free loopback port, as an unprivileged user.
 *
 * @throws Error with the line that installs it where it is missing, or with its own log when it does not come up
 */
export async function startPgBouncer({
  port: upstream,
  users,
  settings = {},
}: PgBouncerOptions): Promise<PgBouncerService> {
  const binary = findPgBouncer()
  if (binary === undefined)
    throw new Error('No pgbouncer on this machine. Install it with "apt-get install pgbouncer".')
  const folder = await mkdtemp(join(reachableTemporaryFolder(), 'portcullis-pgbouncer-'))
  const port = await freePort()
  const all = {
    pool_mode: 'transaction',
    default_pool_size: '2',
    max_client_conn: '200',
    ...settings,
    listen_addr: HOST,
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(folder, 'users.txt'),
    logfile: join(folder, 'log.txt'),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  const files = {
    'pgbouncer.ini': `[databases]\n* = host=${HOST} port=${upstream}\n[pgbouncer]\n${lines.join('\n')}\n`,
    'users.txt': Object.entries(users)
      .map((pair) => `${pair.map(quoted).join(' ')}\n`)
      .join(''),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  await chmod(folder, 0o700)
  const paths = [folder, ...Object.keys(files).map((name) => join(folder, name))]
  if (asRoot) await Promise.all(paths.map((path) => chown(path, UNPRIVILEGED, UNPRIVILEGED)))
  const child = spawn(binary, ['-q', join(folder, 'pgbouncer.ini')], {
    ...(asRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}),
    cwd: '/',
    env: {},
    stdio: 'ignore',
    detached: true,
  })
  const gone = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => undefined)
  child.unref()
  const { pid } = child
  const unwatch = pid === undefined ? () => undefined : watch(pid, folder)
  const forget = stopOnExit({
    stopNow() {
      if (pid !== undefined && isAlive(child)) send(pid, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  })
  async function stop(): Promise<void> {
    unwatch()
    if (pid !== undefined && isAlive(child)) send(pid, 'SIGKILL')
    await gone
    await rm(folder, { recursive: true, force: true })
    forget()
  }
  const until = Date.now() + START_TIMEOUT_MS
  while (!(await accepts(port))) {
    if (isAlive(child) && Date.now() < until) {
      await sleep(10)
      continue
    }
    const log = await readFile(join(folder, 'log.txt'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`PgBouncer did not start on ${HOST}:${port}. ${log.slice(-2_000).trim()}`)
  }
  return { host: HOST, port, stop }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, HOST)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
