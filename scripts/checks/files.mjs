import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, packages } from '../suite/workspaces.mjs'
import { root } from '../suite/command.mjs'

/**
 * The text files that belong to the repository: tracked ones and new ones that are not ignored.
 *
 * @returns {{ path: string, text: string }[]}
 */
export function repositoryFiles() {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`)
  return listed.stdout
    .split('\0')
    .filter((path) => path !== '' && path !== 'pnpm-lock.yaml' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'))
}

/**
 * Every package with the sources below its `src`.
 *
 * @returns {import('./arrows.mjs').House[]}
 */
export function houses() {
  return packages().map(({ folder, manifest }) => {
    const [, room = '', name = ''] = folder.split('/')
    return { room, name, manifest, sources: sourcesOf(folder) }
  })
}

/** @param {string} folder */
function sourcesOf(folder) {
  return filesBelow(`${folder}/src`)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: `src/${path}`, text: readFileSync(join(root, folder, 'src', path), 'utf8') }))
}
