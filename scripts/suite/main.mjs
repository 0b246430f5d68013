import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { setup } from '../setup.mjs'
import { stopOnSignal } from './command.mjs'
import { Descendants } from './leftovers.mjs'
import { build, install } from './prepare.mjs'
import { Report } from './report.mjs'
import { runSteps, staticChecks } from './steps.mjs'
import { turbo } from './turbo.mjs'
import { runTests } from './vitest.mjs'
import { packages } from './workspaces.mjs'

/** Property tests draw the same values on every run, unless a seed is given. */
const defaultSeed = '20260801'
const minute = 60_000

/**
 * @param {string[]} args
 * @returns {Promise<0 | 1>} the exit code
 */
export async function main(args) {
  const values = read(args)
  if (values === undefined) return 1
  const report = new Report()
  const descendants = new Descendants()
  descendants.follow()
  stopOnSignal(() => void descendants.end())

  const missing = setup()
  if (missing !== undefined) {
    report.check('system packages', false, 0, missing)
    return report.end()
  }
  const installed = await install()
  report.check('install', installed.code === 0, installed.ms, installed.output)
  if (installed.code === 0) {
    if (values.search) await search(report, Number(values.minutes))
    else await everything(report, values.deep)
    nothingIsLeft(report, descendants)
  }
  return report.end()
}

/** @param {string[]} args */
function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        deep: { type: 'boolean', default: false },
        search: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '10' },
      },
    })
    if (Number(values.minutes) > 0) return values
    console.error('--minutes takes a number above 0')
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
  return undefined
}

/** @param {Report} report @param {boolean} deep */
async function everything(report, deep) {
  const seed = process.env.PORTCULLIS_SEED ?? defaultSeed
  console.log(`PORTCULLIS_SEED=${seed}`)
  await runSteps(staticChecks, report)
  const built = await build()
  report.check(built.name, built.ok, built.ms, built.details)
  if (built.ok) {
    const { name, ok, ms, details } = await turbo('check:package', packages())
    report.check(name, ok, ms, details)
  }
  const env = { PORTCULLIS_SEED: seed, PORTCULLIS_RUNS: process.env.PORTCULLIS_RUNS ?? (deep ? '50' : '1') }
  addTests(
    report,
    await runTests({ tier: deep ? 'deep' : 'fast', env, timeoutMs: (deep ? 60 : 12) * minute }),
  )
}

/**
 * Looks for counterexamples, round by round, until one is found or no time is left for another round.
 *
 * @param {Report} report
 * @param {number} minutes
 */
async function search(report, minutes) {
  const end = Date.now() + minutes * minute
  while (report.failed === 0 && Date.now() < end) {
    const seed = String(randomInt(2 ** 31))
    console.log(`PORTCULLIS_SEED=${seed}`)
    const env = { PORTCULLIS_SEED: seed, PORTCULLIS_RUNS: process.env.PORTCULLIS_RUNS ?? '1' }
    addTests(report, await runTests({ tier: 'search', env, timeoutMs: 25 * minute }))
  }
}

/** @param {Report} report @param {Awaited<ReturnType<typeof runTests>>} result */
function addTests(report, { passed, failed, findings }) {
  for (const finding of findings) console.log(`FAILED  ${finding}`)
  report.add(passed, failed)
}

/** @param {Report} report @param {Descendants} descendants */
function nothingIsLeft(report, descendants) {
  if (!Descendants.known) {
    console.log(`not checked on ${process.platform}: whether a process is left running`)
    return
  }
  const started = performance.now()
  const left = descendants.end().map(({ pid, name }) => `${pid} ${name}`)
  report.check('nothing is left running', left.length === 0, performance.now() - started, left.join('\n'))
}
