import { run } from './command.mjs'

/**
 * @typedef {object} Step one check that passes or fails as a whole
 * @property {string} name
 * @property {() => Promise<import('./command.mjs').Result>} start
 */

/** The checks that need no build and no server. @type {Step[]} */
export const staticChecks = [
  { name: 'lint', start: () => run('oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'format', start: () => run('oxfmt', ['--check']) },
  { name: 'arrows between packages', start: () => run(process.execPath, ['scripts/arrows.mjs']) },
  { name: 'rules of the house', start: () => run(process.execPath, ['scripts/house.mjs']) },
  { name: 'dead code', start: () => run('knip', ['--no-progress']) },
]

/**
 * Runs steps, two at a time, and reports each as it ends.
 *
 * @param {Step[]} steps
 * @param {import('./report.mjs').Report} report
 */
export async function runSteps(steps, report) {
  const waiting = [...steps]
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const { code, output, ms } = await step.start()
      report.check(step.name, code === 0, ms, output)
    }
  }
  await Promise.all([lane(), lane()])
}
