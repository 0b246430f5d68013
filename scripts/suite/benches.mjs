import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

const ENDING = '.bench.mjs'
const folder = join(root, 'test/bench')

/**
 * The benchmarks of `test/bench`, by their names.
 *
 * @returns {string[]} such as `query-cost`, in order
 */
export function benchmarks() {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .toSorted()
}

/**
 * The benchmarks that are asked for.
 *
 * @param {string[]} args names; none are all
 * @param {string[]} known
 * @returns {{ names: string[], complaint?: undefined } | { names?: undefined, complaint: string }}
 */
export function chosen(args, known) {
  if (known.length === 0) return { complaint: 'There is no benchmark in test/bench.' }
  const unknown = args.filter((name) => !known.includes(name))
  if (unknown.length === 0) return { names: known.filter((name) => args.length === 0 || args.includes(name)) }
  return {
    complaint: `There is no benchmark ${unknown.join(', ')}. There are ${known.join(', ')}: npm run bench -- ${known[0]}`,
  }
}

/** @param {string} name */
export const fileOf = (name) => join(folder, name + ENDING)

/** Whether a benchmark starts a Redis. @param {string} name */
export const needsRedis = (name) => readFileSync(fileOf(name), 'utf8').includes('startRedis')
