import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../suite/command.mjs'
import { packages } from '../suite/workspaces.mjs'

/**
 * @typedef {object} Built what the tables need of a built package
 * @property {{ table?: () => string }} [options] its checked options
 * @property {(exported: object) => string} [errorTable] the kernel's: the table of the coded errors in a module
 */

/**
 * Compares the generated tables of every README with what the built packages print.
 *
 * @param {{ write?: boolean, of?: import('../suite/workspaces.mjs').Workspace[] }} [how] `write` renews the tables
 *   instead; `of` are the packages to look at, all unless told
 * @returns {Promise<string[]>} one sentence for each table that is missing or out of date
 */
export async function checkTables({ write = false, of = packages() } = {}) {
  const findings = []
  const kernel = await load('packages/foundation/kernel/dist/index.js')
  for (const { folder, manifest } of of) {
    const built = await load(join(folder, manifest.exports?.['.']?.default ?? ''))
    const readme = join(root, folder, 'README.md')
    if (!existsSync(readme)) continue
    const before = readFileSync(readme, 'utf8')
    const tables = { options: built.options?.table?.(), errors: errorsOf(built, kernel) }
    const { text, missing } = fillIn(before, tables)
    findings.push(
      ...missing.map((name) => `${folder}/README.md has no <!-- ${name}:start --> … <!-- ${name}:end -->`),
    )
    if (text === before) continue
    if (write) writeFileSync(readme, text)
    else findings.push(`${folder}/README.md: a generated table is out of date (npm run docs -- --write)`)
  }
  return findings
}

/**
 * Puts tables between their markers.
 *
 * @param {string} markdown
 * @param {Record<string, string | undefined>} tables by the name of their markers; undefined where there is none
 * @returns {{ text: string, missing: string[] }} `missing` names the tables whose markers are not there
 */
export function fillIn(markdown, tables) {
  let text = markdown
  const missing = []
  for (const [name, table] of Object.entries(tables)) {
    if (table === undefined) continue
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from === -1 || to < from) missing.push(name)
    else text = `${text.slice(0, from + start.length)}\n\n${table.trim()}\n\n${text.slice(to)}`
  }
  return { text, missing }
}

/** A table with rows, or nothing. @param {Built} built @param {Built} kernel */
function errorsOf(built, kernel) {
  const table = kernel.errorTable?.(built)
  return table !== undefined && table.trim().split('\n').length > 2 ? table : undefined
}

/** @param {string} path relative to the root @returns {Promise<Built>} */
async function load(path) {
  const file = join(root, path)
  return existsSync(file) && file.endsWith('.js') ? import(pathToFileURL(file).href) : {}
}
