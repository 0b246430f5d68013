import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../suite/command.mjs'
import { packages } from '../suite/workspaces.mjs'

/** The tables a package can print, and the names of their markers. */
const tables = /** @type {const} */ ([
  { marker: 'options', method: 'table' },
  { marker: 'errors', method: 'errorTable' },
])

/**
 * Compares the generated tables of every README with what the built packages print.
 *
 * @param {{ write?: boolean }} [how] `write` renews the tables instead
 * @returns {Promise<string[]>} one sentence for each table that is missing or out of date
 */
export async function checkTables({ write = false } = {}) {
  const findings = []
  for (const { folder, manifest } of packages()) {
    const built = join(root, folder, manifest.exports?.['.']?.default ?? '')
    const readme = join(root, folder, 'README.md')
    if (!existsSync(built) || !existsSync(readme)) continue
    const { options } = await import(pathToFileURL(built).href)
    const before = readFileSync(readme, 'utf8')
    const { text, missing } = fillIn(before, options)
    findings.push(
      ...missing.map(
        (marker) => `${folder}/README.md has no <!-- ${marker}:start --> … <!-- ${marker}:end -->`,
      ),
    )
    if (text === before) continue
    if (write) writeFileSync(readme, text)
    else findings.push(`${folder}/README.md: a generated table is out of date (npm run docs -- --write)`)
  }
  return findings
}

/**
 * Puts the tables between their markers.
 *
 * @param {string} markdown
 * @param {{ table?: () => string, errorTable?: () => string } | undefined} options what the package exports
 * @returns {{ text: string, missing: string[] }} `missing` names the markers that are not there for a table that is
 */
export function fillIn(markdown, options) {
  let text = markdown
  const missing = []
  for (const { marker, method } of tables) {
    const table = options?.[method]?.()
    if (table === undefined) continue
    const [start, end] = [`<!-- ${marker}:start -->`, `<!-- ${marker}:end -->`]
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from === -1 || to < from) missing.push(marker)
    else text = `${text.slice(0, from + start.length)}\n\n${table.trim()}\n\n${text.slice(to)}`
  }
  return { text, missing }
}
