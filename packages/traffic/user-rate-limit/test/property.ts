/** Settings of a property test: a fixed seed unless PORTCULLIS_SEED says otherwise, and runs times PORTCULLIS_RUNS, at most `most`. */
export function property(runs: number, most = Infinity): { seed: number; numRuns: number } {
  return {
    seed: Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122),
    numRuns: Math.min(most, runs * Number(process.env['PORTCULLIS_RUNS'] ?? 1)),
  }
}
