#!/usr/bin/env node
/**
 * `npm run test:graphql -- 16.11.0`: tests the GraphQL gates with another release of graphql, in a copy of the repository
 * that has it in place of its own. graphql 17, which is the default here, needs Node 22 or newer
 * (`npx -y -p node@22 npm run test:graphql`), and there Yoga and routes of the app's own are tested alone, since
 * mercurius and Apollo Server take 16.
 *
 *   --bench <name>  runs that benchmark with the release instead of the tests; it may be given more than once
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchmarks, chosen } from './suite/benches.mjs'
import { root, run, stopOnSignal } from './suite/command.mjs'

const asked = parseArgs({
  allowPositionals: true,
  options: { bench: { type: 'string', multiple: true, default: [] } },
})
const VERSION = asked.positionals[0] ?? '17.1.0'
const benches = asked.values.bench.length === 0 ? [] : benchmarksOf(asked.values.bench)
const is17 = VERSION.startsWith('17.')
const OLDEST_NODE = is17 ? 22 : 20

/** What is built and so type-checked. */
const PROJECTS = [
  'foundation/graphql-gate',
  'graphql/depth-limit',
  'graphql/query-cost',
  'data/pii-masking',
  'identity/access-control',
]
const TESTS = [
  'test/doors',
  'packages/graphql',
  'packages/data/pii-masking',
  'packages/identity/access-control/test/core',
  ...['core', 'answers', 'fields', 'servers/yoga', 'servers/trusted-uploads'].map(
    (path) => `packages/foundation/graphql-gate/test/${path}`,
  ),
]
/** Names of tests that run in a server which takes graphql 16 alone do not match. */
const OTHER_SERVERS = '^(?!.*(mercurius|Apollo Server))'
const filter = is17 ? ['-t', OTHER_SERVERS] : []

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `graphql ${VERSION} needs Node ${OLDEST_NODE} or newer, this is ${process.version}. Run: npx -y -p node@${OLDEST_NODE} npm run test:graphql -- ${VERSION}`,
  )
  process.exit(1)
}

const copy = mkdtempSync(join(tmpdir(), 'other-graphql-'))
const remove = () => rmSync(copy, { recursive: true, force: true })
stopOnSignal(remove)
try {
  process.exitCode = await main()
} finally {
  remove()
}

/** @param {string[]} names @returns {readonly string[]} */
function benchmarksOf(names) {
  const found = chosen(names, benchmarks())
  if (found.names !== undefined) return found.names
  console.error(found.complaint)
  process.exit(1)
}

async function main() {
  const { output: listed } = await run('git', ['ls-files', '-co', '--exclude-standard'])
  for (const file of listed.split('\n').filter((name) => name !== '')) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file))
  }
  const workspace = join(copy, 'pnpm-workspace.yaml')
  writeFileSync(workspace, `${readFileSync(workspace, 'utf8')}\noverrides:\n  graphql: ${VERSION}\n`)
  for (const [step, args] of [
    [
      'install',
      [
        'node_modules/pnpm/bin/pnpm.mjs',
        'install',
        '--no-frozen-lockfile',
        '--prefer-offline',
        '--ignore-scripts',
      ],
    ],
    [
      'build',
      [
        'node_modules/typescript/bin/tsc',
        '-b',
        ...PROJECTS.map((path) => `packages/${path}/tsconfig.src.json`),
      ],
    ],
    ...(benches.length > 0
      ? benches.map((bench) => [`benchmark ${bench}`, [`test/bench/${bench}.bench.mjs`]])
      : [['test', ['node_modules/vitest/vitest.mjs', 'run', ...TESTS, ...filter]]]),
  ]) {
    const [tool, ...rest] = /** @type {string[]} */ (args)
    // The copy is installed by the repository's own pnpm; what follows is the copy's.
    const script = join(step === 'install' ? root : copy, tool ?? '')
    const { code } = await run(process.execPath, [script, ...rest], {
      cwd: copy,
      live: true,
      env: { CI: '1' },
    })
    if (code === 0) continue
    console.error(`graphql ${VERSION}: ${String(step)} failed`)
    return code
  }
  console.log(`graphql ${VERSION}: ${benches.length > 0 ? 'ran' : 'passed'} on Node ${process.version}`)
  return 0
}
