import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = import.meta.dirname

/** Every workspace folder that has tests is one project, named after its folder. */
function projectFolders(): { name: string; root: string }[] {
  const rooms = readdirSync(join(root, 'packages'))
  const folders = [
    ...rooms.flatMap((room) => readdirSync(join(root, 'packages', room)).map((name) => join('packages', room, name))),
    ...readdirSync(join(root, 'examples')).map((name) => join('examples', name)),
    '.',
  ]
  return folders
    .filter((folder) => existsSync(join(root, folder, 'test')))
    .map((folder) => ({ name: folder === '.' ? 'suite' : folder, root: join(root, folder) }))
}

export default defineConfig({
  // Tests read the sources of every package, so no build has to precede them.
  ssr: { resolve: { conditions: ['@portcullis/source', 'module', 'node', 'development|production'] } },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: projectFolders().map((folder) => ({
      extends: true as const,
      test: { name: folder.name, root: folder.root, include: ['test/**/*.test.ts'] },
    })),
  },
})
