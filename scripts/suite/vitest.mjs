import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, run } from './command.mjs'
import { filesBelow, workspaces } from './workspaces.mjs'

/** @typedef {'fast' | 'deep' | 'search'} Tier */

/**
 * @typedef {object} FileResult as vitest's JSON reporter writes it
 * @property {string} name absolute path
 * @property {'passed' | 'failed'} status
 * @property {string} message
 * @property {{ status: string, fullName: string }[]} assertionResults
 */

/**
 * Runs the tests of a tier once and counts them. A file that yields no test counts as a failure, as does a test that
 * was skipped, and a run that failed without a failing test.
 *
 * @param {{ tier: Tier, env: Record<string, string>, timeoutMs: number }} options
 * @returns {Promise<{ passed: number, failed: number, ms: number, findings: string[] }>} `findings` are the failures
 *   that no test stands for; they are part of `failed`
 */
export async function runTests({ tier, env, timeoutMs }) {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const report = join(root, '.cache', `tests-${process.pid}.json`)
  const expected = testFiles(tier)
  const only = tier === 'search' ? expected : []
  const { code, ms } = await run(
    'vitest',
    [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--silent=passed-only',
      ...only,
    ],
    { env: { ...env, PORTCULLIS_TIER: tier }, timeoutMs, live: true },
  )
  if (!existsSync(report)) {
    const finding = code === 124 ? 'the tests ran out of time' : `vitest wrote no report: exit code ${code}`
    return { passed: 0, failed: 1, findings: [finding], ms }
  }
  /** @type {{ testResults: FileResult[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  rmSync(report)
  return { ...judge(testResults, expected, code), ms }
}

/**
 * Counts the results of a run against the files that had to run.
 *
 * @param {FileResult[]} results
 * @param {string[]} expected paths relative to the root
 * @param {number} code vitest's exit code
 */
export function judge(results, expected, code) {
  const tests = results.flatMap((file) => file.assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failedTests = tests.filter(({ status }) => status === 'failed').length
  const ran = new Set(
    results.filter((file) => file.assertionResults.length > 0).map(({ name }) => relative(root, name)),
  )
  const findings = [
    ...tests
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `not run: ${fullName}`),
    ...expected.filter((file) => !ran.has(file)).map((file) => `no test was executed in ${file}`),
  ]
  if (expected.length === 0) findings.push('there is no test file')
  if (code !== 0 && failedTests + findings.length === 0) findings.push(`vitest ended with exit code ${code}`)
  return { passed, failed: failedTests + findings.length, findings }
}

/**
 * The test files of a tier: `*.deep.test.ts` belong to the deep tier, `*.search.test.ts` and every file with
 * property tests to the search.
 *
 * @param {Tier} tier
 * @returns {string[]} paths relative to the root
 */
export function testFiles(tier) {
  const folders = workspaces().map(({ folder }) => (folder === 'test' ? folder : `${folder}/test`))
  const all = folders
    .flatMap((folder) => filesBelow(folder).map((path) => `${folder}/${path}`))
    .filter((file) => file.endsWith('.test.ts'))
  if (tier === 'search') return all.filter((file) => file.endsWith('.search.test.ts') || hasProperties(file))
  return all.filter(
    (file) => !file.endsWith('.search.test.ts') && (tier === 'deep' || !file.endsWith('.deep.test.ts')),
  )
}

/** @param {string} file */
function hasProperties(file) {
  return /from ['"]fast-check['"]/.test(readFileSync(join(root, file), 'utf8'))
}
