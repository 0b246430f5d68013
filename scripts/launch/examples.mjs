/** The examples of the repository: which there are, and how each is started. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.mjs'

/** @typedef {{ name: string, package: string, folder: string, program: string }} Example */

const NODE = 'node '

/**
 * Every example whose `start` script runs a program with Node.
 *
 * @returns {Example[]}
 */
export function examples() {
  return readdirSync(join(root, 'examples')).flatMap((name) => {
    const folder = join(root, 'examples', name)
    const file = join(folder, 'package.json')
    if (!existsSync(file)) return []
    const { name: workspace, scripts = {} } = JSON.parse(readFileSync(file, 'utf8'))
    if (!scripts.start?.startsWith(NODE)) return []
    return [{ name, package: workspace, folder, program: scripts.start.slice(NODE.length) }]
  })
}

/**
 * What a command line asks for.
 *
 * @param {readonly string[]} argv without node and script
 * @param {readonly Example[]} known
 * @returns {{ example: Example, rest: string[] } | { complaint: string }} `rest` is for the example itself
 */
export function readArguments([name, ...rest], known) {
  const names = known.map((one) => one.name).join(', ')
  const usage = `Usage: npm run example -- <name> [--once]\nExamples: ${names}`
  if (name === undefined || name === '--help') return { complaint: usage }
  const example = known.find((one) => one.name === name)
  if (example === undefined) return { complaint: `There is no example '${name.slice(0, 40)}'.\n${usage}` }
  // The shop has arguments of its own, which it checks itself.
  const unknown = example.name === 'shop' ? undefined : rest.find((one) => one !== '--once')
  if (unknown !== undefined) return { complaint: `'${unknown.slice(0, 40)}' is no argument.\n${usage}` }
  return { example, rest }
}

/**
 * Runs a built example until it ends or a signal ends it; with `--once`, a server ends as soon as it listens.
 *
 * @param {Example} example
 * @param {readonly string[]} [rest]
 * @param {Record<string, string | undefined>} [env] beside this process's
 * @returns {Promise<number>} its exit code; 0 for a server that listened once
 */
export async function start({ name, folder, program }, rest = [], env = {}) {
  const options = { cwd: folder, env: { ...process.env, ...env } }
  if (name === 'shop' || !rest.includes('--once')) {
    const { code } = await run(process.execPath, [program, ...rest], { ...options, stdio: 'inherit' })
    return code
  }
  let listened = false
  const { code } = await run(process.execPath, [program], options, (text, child) => {
    process.stdout.write(text)
    if (listened || !text.includes('Server listening at')) return
    listened = true
    child.kill()
  })
  return listened ? 0 : code
}
