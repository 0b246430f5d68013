import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

/**
 * @typedef {object} Manifest the parts of a package.json that the checks read
 * @property {string} name
 * @property {string} [version]
 * @property {boolean} [private]
 * @property {string} [license]
 * @property {string} [description]
 * @property {string} [type]
 * @property {string[]} [files]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [engines]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, Record<string, string>>} [exports]
 * @property {{ access?: string, exports?: Record<string, Record<string, string>> }} [publishConfig]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/** @typedef {{ folder: string, manifest: Manifest }} Workspace `folder` is relative to the root */

/**
 * The package manager of the workspace, as `npx` takes it: the exact version of the root's `devEngines`.
 *
 * @returns {string} such as `pnpm@12.21.0`
 */
export function packageManager() {
  const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return `${devEngines.packageManager.name}@${devEngines.packageManager.version}`
}

/**
 * The published packages, in the order of their folders.
 *
 * @returns {Workspace[]}
 */
export function packages() {
  return children('packages')
    .flatMap((room) => children(room))
    .flatMap(read)
}

/**
 * Everything pnpm knows as a workspace: packages, examples and the tests that cross packages.
 *
 * @returns {Workspace[]}
 */
export function workspaces() {
  return [...packages(), ...children('examples').flatMap(read), ...read('test')]
}

/**
 * The files below a folder, without what is installed or built.
 *
 * @param {string} folder relative to the root; it may be absent
 * @returns {string[]} paths relative to the folder, with slashes
 */
export function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !['node_modules', 'dist', '.cache', '.turbo'].includes(name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(`${folder}/${entry.name}`).map((path) => `${entry.name}/${path}`)
        : [entry.name],
    )
    .toSorted()
}

/** @param {string} folder */
function children(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
    .toSorted()
}

/** @param {string} folder @returns {Workspace[]} */
function read(folder) {
  const file = join(root, folder, 'package.json')
  return existsSync(file) ? [{ folder, manifest: JSON.parse(readFileSync(file, 'utf8')) }] : []
}
