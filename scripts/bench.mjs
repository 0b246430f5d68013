#!/usr/bin/env node
/**
 * `npm run bench`: runs the benchmarks of `test/bench`, one after the other, and prints what they print. A benchmark
 * never decides a test; it fails here only when it does not run.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, stopOnSignal } from './suite/command.mjs'

const folder = join(root, 'test/bench')
const benches = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.bench.mjs')) : []
if (benches.length === 0) console.log('there is no benchmark in test/bench')

stopOnSignal()
for (const file of benches.toSorted()) {
  console.log(`\n${file}`)
  const { code } = await run(process.execPath, [join(folder, file)], { live: true })
  if (code !== 0) process.exitCode = 1
}
