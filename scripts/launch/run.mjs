/** Runs programs one after the other. Needs nothing but Node. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const isTerminal = process.stdout.isTTY

/**
 * The child that runs now.
 *
 * @type {import('node:child_process').ChildProcess | undefined}
 */
let child

/** Sends signals on to the child that runs, whose end is ours then. */
export function forwardSignals() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (child) child.kill(signal)
      else process.exit(1)
    })
  }
}

/**
 * Runs a program and resolves with its exit code; of one that a signal ended, with what a shell says of it.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options `cwd` is the repository unless told
 * @param {(text: string, child: import('node:child_process').ChildProcess) => void} [read] gets what it writes, where that is piped
 */
export async function run(command, args, options, read) {
  const running = spawn(command, args, { cwd: root, ...options })
  child = running
  /** @type {Buffer[]} */
  const output = []
  for (const stream of [running.stdout, running.stderr]) {
    stream?.on('data', (/** @type {Buffer} */ chunk) => {
      output.push(chunk)
      read?.(chunk.toString(), running)
    })
  }
  try {
    /** @type {[number | null, NodeJS.Signals | null]} */
    const [code, signal] = /** @type {never} */ (await once(running, 'close'))
    const ended = signal === null ? 1 : 128 + constants.signals[signal]
    return { code: code ?? ended, signal, output: Buffer.concat(output).toString() }
  } finally {
    child = undefined
  }
}

/**
 * Runs a program without its output, with a line that shows that something happens. Its output is shown when it fails,
 * and this process ends then.
 *
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} env beside this process's
 * @param {boolean} shell
 */
export async function quietly(title, command, args, env, shell) {
  const begin = performance.now()
  const seconds = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`
  if (!isTerminal) console.log(`${title} ...`)
  const ticker = isTerminal && setInterval(() => process.stdout.write(`\r${title} ... ${seconds()}`), 100)
  const { code, signal, output } = await run(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    shell,
  })
  if (ticker) clearInterval(ticker)
  if (isTerminal) process.stdout.write(`\r\x1b[K`)
  if (code === 0) {
    console.log(`${title}: ${seconds()}`)
    return
  }
  if (signal === null) console.error(`${output.trim()}\n${title} failed (exit code ${code})`)
  process.exit(code)
}
