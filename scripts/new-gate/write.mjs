import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from '../suite/command.mjs'

const template = join(root, 'scripts/new-gate/template')

/**
 * What is wrong with the room or the name of a new gate.
 *
 * @param {{ room: string, name: string }} wanted
 * @param {string[]} rooms
 * @param {import('../suite/workspaces.mjs').Workspace[]} existing
 * @returns {string | undefined}
 */
export function complaintAbout({ room, name }, rooms, existing) {
  if (!rooms.includes(room)) return `"${room}" is not a room; rooms are ${rooms.join(', ')}.`
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `"${name}" is not a name in lower case with hyphens.`
  const taken = existing.find(({ folder }) => folder.endsWith(`/${name}`))
  return taken === undefined ? undefined : `${taken.folder} is there already.`
}

/**
 * Fills the names of a gate into a template: `{{name}}` slow-client, `{{camel}}` slowClient, `{{Pascal}}` SlowClient.
 *
 * @param {string} text
 * @param {string} name
 */
export function fillIn(text, name) {
  const pascal = name.replaceAll(/(?:^|-)([a-z0-9])/g, (_match, letter) => letter.toUpperCase())
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1)
  return text.replaceAll('{{name}}', name).replaceAll('{{camel}}', camel).replaceAll('{{Pascal}}', pascal)
}

/**
 * Writes the files of a new gate.
 *
 * @param {string} folder
 * @param {string} name
 * @returns {string[]} their paths, relative to the root
 */
export function writeTemplate(folder, name) {
  return readdirSync(template, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.tmpl'))
    .map((file) => {
      const path = join(folder, file.replace(/\.tmpl$/, ''))
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), fillIn(readFileSync(join(template, file), 'utf8'), name))
      return path
    })
}

/**
 * Adds a package to what the root builds and to what the tests across packages may use.
 *
 * @param {string} folder
 * @param {string} name
 * @returns {string[]} the files that changed, relative to the root
 */
export function makeKnown(folder, name) {
  change('tsconfig.json', (config) => config.references.push({ path: `./${folder}` }))
  change('test/tsconfig.json', (config) =>
    config.references.push({ path: `${relative('test', folder)}/tsconfig.src.json` }),
  )
  change(
    'test/package.json',
    ({ devDependencies }) => (devDependencies[`@portcullis/${name}`] = 'workspace:^'),
  )
  return ['tsconfig.json', 'test/tsconfig.json', 'test/package.json']
}

/**
 * @param {string} file JSON
 * @param {(content: { references: { path: string }[], devDependencies: Record<string, string> }) => unknown} edit
 */
function change(file, edit) {
  const path = join(root, file)
  const content = JSON.parse(readFileSync(path, 'utf8'))
  edit(content)
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`)
}
