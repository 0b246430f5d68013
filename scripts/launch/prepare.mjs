/** What has to be there before an example can run: Node, the packages, the build. Until the install it needs nothing but Node. */
import '../suite/node-version.mjs'
import { delimiter, join } from 'node:path'
import { quietly, root } from './run.mjs'

const PNPM = 'pnpm@12.21.0'
const windows = process.platform === 'win32'

/**
 * Installs all packages and builds one of the workspace with what it needs. Ends the process where that fails.
 *
 * @param {string} name of the package, `@portcullis-examples/shop`
 * @param {string} what it is called while it is built
 */
export async function prepare(name, what) {
  // On Windows npx is a script, which only a shell can run; the arguments are our own.
  const install = ['-y', PNPM, 'install', '--frozen-lockfile']
  await quietly('Installing packages', windows ? 'npx.cmd' : 'npx', install, {}, windows)
  // turbo calls pnpm, which lies beside it and on nobody's PATH.
  const tools = join(root, 'node_modules', '.bin')
  const turbo = join(tools, windows ? 'turbo.cmd' : 'turbo')
  const build = ['run', 'build', `--filter=${name}...`, '--output-logs=errors-only']
  const path = `${tools}${delimiter}${process.env.PATH ?? ''}`
  const env = { TURBO_TELEMETRY_DISABLED: '1', PATH: path }
  await quietly(`Building ${what}`, turbo, build, env, windows)
}
