/** When a request that was admitted was sent, and when its answer was there. */
export interface Admission {
  readonly sent: number
  readonly answered: number
}

/** Sends requests one after the other, and keeps those that were admitted. */
export async function admissionsOf(times: number, send: () => Promise<boolean>): Promise<Admission[]> {
  const admitted: Admission[] = []
  for (let count = 0; count < times; count++) {
    const sent = performance.now()
    if (await send()) admitted.push({ sent, answered: performance.now() })
  }
  return admitted
}

/** The most requests that were surely admitted within one window: all between the sending of the first and the last answer. */
export function mostInAnyWindow(admissions: readonly Admission[], windowMs: number): number {
  const counts = admissions.map(
    ({ sent }) => admissions.filter((one) => one.sent >= sent && one.answered - sent < windowMs).length,
  )
  return Math.max(0, ...counts)
}
