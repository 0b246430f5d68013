import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = import.meta.dirname

/** Every workspace folder that has tests is one project, named after its folder. */
function projectFolders(): { name: string; root: string }[] {
  const folders = [...children('packages').flatMap(children), ...children('examples'), '.']
  return folders
    .filter((folder) => existsSync(join(root, folder, 'test')))
    .map((folder) => ({ name: folder === '.' ? 'test' : folder, root: join(root, folder) }))
}

function children(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
}

/** The fast tier leaves out what belongs to the other two; see CONTRIBUTING.md. */
function leftOut(tier: string): string[] {
  const others = { fast: ['deep', 'search'], deep: ['search'], search: [] }[tier]
  if (others === undefined) throw new Error(`PORTCULLIS_TIER is "${tier}"; it takes fast, deep or search`)
  return others.map((other) => `**/*.${other}.test.ts`)
}

const exclude = ['**/node_modules/**', '**/.cache/**', ...leftOut(process.env['PORTCULLIS_TIER'] ?? 'fast')]

// Vite would take graphql's ES modules, Node takes its CommonJS ones: two copies whose types do not know each other.
const graphql = createRequire(join(root, 'packages/foundation/graphql-gate/package.json')).resolve('graphql')

export default defineConfig({
  // Tests read the sources of every package, so no build has to precede them.
  ssr: { resolve: { conditions: ['@portcullis/source', 'module', 'node', 'development|production'] } },
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Many tests wait for a server rather than for a core, so two run at a time on a small machine as well.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: projectFolders().map((folder) => ({
      extends: true as const,
      test: { name: folder.name, root: folder.root, include: ['test/**/*.test.ts'], exclude },
    })),
  },
})
