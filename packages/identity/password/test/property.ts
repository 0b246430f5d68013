/** Settings of a property test: fixed by default, more and other runs by environment. */
export function runs(count: number): { readonly seed: number; readonly numRuns: number } {
  const { PORTCULLIS_SEED: seed = '20261122', PORTCULLIS_RUNS: times = '1' } = process.env
  return { seed: Number(seed), numRuns: count * Number(times) }
}
