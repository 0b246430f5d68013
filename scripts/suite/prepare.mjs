import { run } from './command.mjs'
import { turbo } from './turbo.mjs'
import { packageManager, workspaces } from './workspaces.mjs'

/**
 * Installs what the lockfile has.
 *
 * @returns {Promise<import('./command.mjs').Result>}
 */
export function install() {
  const args = ['-y', packageManager(), 'install', '--frozen-lockfile', '--reporter=append-only']
  return run('npx', args, { env: { CI: 'true' } })
}

/** Builds every workspace that has changed. */
export function build() {
  return turbo('build', workspaces())
}
