// The demo in one command: checks Node, installs, builds and starts the shop. Until the install it needs nothing but Node.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const PNPM = 'pnpm@12.21.0'
const isTerminal = process.stdout.isTTY

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Portcullis needs Node 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org`,
  )
  process.exit(1)
}

/** The child that runs now: signals go to it, and its end is ours. */
let child

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (child) child.kill(signal)
    else process.exit(1)
  })
}

/** Runs a program and resolves with its exit code; a program that a signal ended counts as failed. */
async function run(command, args, options) {
  child = spawn(command, args, { cwd: root, ...options })
  const output = []
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => output.push(chunk))
  try {
    const [code, signal] = await once(child, 'close')
    return { code: code ?? 1, signal, output: Buffer.concat(output).toString() }
  } finally {
    child = undefined
  }
}

/** Runs a program without its output, with a line that shows that something happens. Its output is shown when it fails. */
async function quietly(title, command, args, env, shell) {
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

const windows = process.platform === 'win32'
// On Windows npx is a script, which only a shell can run; the arguments are our own.
await quietly(
  'Installing packages',
  windows ? 'npx.cmd' : 'npx',
  ['-y', PNPM, 'install', '--frozen-lockfile'],
  {},
  windows,
)
// turbo calls pnpm, which lies beside it and on nobody's PATH.
const tools = join(root, 'node_modules', '.bin')
const turbo = join(tools, windows ? 'turbo.cmd' : 'turbo')
const build = ['run', 'build', '--filter=@portcullis-examples/shop...', '--output-logs=errors-only']
const path = `${tools}${delimiter}${process.env.PATH ?? ''}`
await quietly('Building the shop', turbo, build, { TURBO_TELEMETRY_DISABLED: '1', PATH: path }, windows)

const shop = [join(root, 'examples/shop/dist/main.js'), ...process.argv.slice(2)]
const { code } = await run(process.execPath, shop, { stdio: 'inherit' })
process.exit(code)
