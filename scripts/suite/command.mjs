import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository, without a trailing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The environment variable that every process of this run inherits, so that what stays behind can be found. */
export const markName = 'PORTCULLIS_TEST_RUN'
/** Its value in this run. */
export const mark = randomUUID()

/** The workspace's tools come first, as in an npm script; turbo looks for pnpm there. */
const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)

/** @type {Set<number>} process groups that are running now */
const groups = new Set()
/** After a signal no command is started, and none reports its end. */
let stopping = false

/**
 * @typedef {object} Result
 * @property {number} code exit code; 1 when the command could not start, 124 when it ran out of time
 * @property {string} output what it wrote, standard output and standard error together
 * @property {number} ms how long it took
 */

/**
 * Runs a command, such as a tool of the workspace, to its end, in a process group of its own, so that it can be ended with all it started.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, live?: boolean }} [options] `cwd` is the repository unless told; `live` shows the output as
 *   it comes; `timeoutMs` is 10 minutes unless told
 * @returns {Promise<Result>} never rejects; never settles once a signal has stopped the run
 */
export function run(command, args, { cwd = root, env = {}, timeoutMs = 600_000, live = false } = {}) {
  const started = performance.now()
  return new Promise((resolve) => {
    if (stopping) return
    const child = spawn(command, args, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', [markName]: mark, ...env },
    })
    const group = child.pid
    if (group !== undefined) groups.add(group)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        if (live) process.stdout.write(text)
      })
    }
    let late = false
    const timer = setTimeout(() => {
      late = true
      output += `\nran out of time after ${Math.round(timeoutMs / 1000)} s\n`
      if (group !== undefined) endGroup(group, 'SIGKILL')
    }, timeoutMs)
    child.on('error', (error) => {
      output += `${error.message}\n`
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (group !== undefined) groups.delete(group)
      if (!stopping) resolve({ code: late ? 124 : (code ?? 1), output, ms: performance.now() - started })
    })
  })
}

/**
 * On the first Ctrl-C or SIGTERM, ends everything that is running, calls `done` and exits with 130.
 *
 * @param {() => void} [done] what to do once the commands have had a moment to stop by themselves
 */
export function stopOnSignal(done = () => {}) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      console.log('\nstopping')
      for (const group of groups) endGroup(group, 'SIGTERM')
      setTimeout(() => {
        for (const group of groups) endGroup(group, 'SIGKILL')
        done()
        process.exit(130)
      }, 2_000)
    })
  }
}

/** @param {number} group @param {NodeJS.Signals} signal */
function endGroup(group, signal) {
  try {
    process.kill(-group, signal)
  } catch {
    // The group has ended by itself in the meantime.
  }
}
