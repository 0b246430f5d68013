/** Counts the work done: selections, input values and instructions looked at. */
export interface Meter {
  steps: number
}
