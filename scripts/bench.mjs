#!/usr/bin/env node
/**
 * `npm run bench`: installs, builds and runs the benchmarks of `test/bench`, one after the other, and prints what they
 * print. `npm run bench -- query-cost depth-limit` runs those two. A benchmark never decides a test; it fails here only
 * when it does not run.
 */
import './suite/node-version.mjs'

// Loaded only now: an old Node must reach the line above, not a syntax error in here.
const { benchmarks, chosen, fileOf, needsRedis } = await import('./suite/benches.mjs')
const { run, stopOnSignal } = await import('./suite/command.mjs')
const { build, install } = await import('./suite/prepare.mjs')
const { setup } = await import('./setup.mjs')

stopOnSignal()
process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} args @returns {Promise<0 | 1>} */
async function main(args) {
  const { names, complaint } = chosen(args, benchmarks())
  if (names === undefined) return fail(complaint)
  const missing = names.some(needsRedis) ? setup({ withBrowser: false }) : undefined
  if (missing !== undefined) return fail(missing)
  console.log('installing and building')
  const installed = await install()
  if (installed.code !== 0) return fail(`${installed.output.trim()}\ninstalling failed`)
  const built = await build()
  if (!built.ok) return fail(`${built.details.trim()}\nbuilding failed`)
  /** @type {string[]} */
  const failed = []
  for (const name of names) {
    console.log(`\n${name}`)
    const { code } = await run(process.execPath, [fileOf(name)], { live: true })
    if (code !== 0) failed.push(name)
  }
  return failed.length === 0 ? 0 : fail(`\ndid not run: ${failed.join(', ')}`)
}

/** @param {string} message @returns {1} */
function fail(message) {
  console.error(message)
  return 1
}
