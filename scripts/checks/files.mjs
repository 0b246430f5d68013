import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { packages } from '../suite/workspaces.mjs'
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
  const src = join(root, folder, 'src')
  if (!existsSync(src)) return []
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: `src/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(src, path), 'utf8'),
    }))
}
