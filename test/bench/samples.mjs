import { performance } from 'node:perf_hooks'

/** A query of `count` fields, as an app's page would send it, with two levels and a few arguments. */
export function wideQuery(count) {
  const fields = Array.from(
    { length: count - 6 },
    (_, index) => `f${index}: ${index % 3 === 0 ? 'name' : 'email'}`,
  )
  return `query Page($n: Int) { users(first: $n) { id ${fields.join(' ')} friends(first: 5) { id name email } } }`
}

/** Fragments that spread the next one twice: 2^depth ways to one field. */
export function bomb(depth) {
  const fragments = Array.from(
    { length: depth },
    (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`,
  )
  return `{ users { ...F0 } } ${fragments.join(' ')} fragment F${depth} on User { id }`
}

/** Fragments with two fields that spread the next one each: 2^depth objects. */
export function fieldBomb(depth) {
  const fragments = Array.from(
    { length: depth },
    (_, i) =>
      `fragment F${i} on User { a: friends(first: 1) { ...F${i + 1} } b: friends(first: 1) { ...F${i + 1} } }`,
  )
  return `{ users { ...F0 } } ${fragments.join(' ')} fragment F${depth} on User { id }`
}

export const SCHEMA = `
  type Query { users(first: Int): [User!]! }
  type User { id: ID! name: String email: String friends(first: Int): [User!]! }
`

/** The shortest of several samples, each long enough to be timed, in microseconds for one run. */
export function microseconds(run, { samples = 7, minimumMs = 30 } = {}) {
  let best = Number.POSITIVE_INFINITY
  let batch = 1
  for (let sample = 0; sample < samples; sample++) {
    let runs = 0
    let took = 0
    const started = performance.now()
    // The clock is not read for each run: that takes as long as what is measured here.
    for (; took < minimumMs; took = performance.now() - started) {
      for (let i = 0; i < batch; i++) run(runs + i)
      runs += batch
      if (took < minimumMs / 100) batch *= 2
    }
    best = Math.min(best, (took * 1000) / runs)
  }
  return best
}

/**
 * As {@link microseconds} for what can be done only once with each value. Each is made right before, as a server parses
 * a document right before it is priced; making them is not timed.
 */
export function microsecondsEach(make, run, { samples = 25, minimumMs = 4 } = {}) {
  let best = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < samples; sample++) {
    let took = 0
    let runs = 0
    for (; took < minimumMs; runs++) {
      const value = make()
      const started = performance.now()
      run(value)
      took += performance.now() - started
    }
    best = Math.min(best, (took * 1000) / runs)
  }
  return best
}

/** Prints rows under each other, numbers aligned. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => String(cell)[column === 0 ? 'padEnd' : 'padStart'](widths[column]))
        .join('  '),
    )
  }
}
