/** Seed and number of runs of the property tests, from the tier; see CONTRIBUTING.md. */
export function runs(count: number): { readonly seed: number; readonly numRuns: number } {
  return {
    seed: Number(process.env['PORTCULLIS_SEED'] ?? 20_261_201),
    numRuns: count * Number(process.env['PORTCULLIS_RUNS'] ?? 1),
  }
}
