/** What {@link within} answers when the time is up. */
export const LATE: unique symbol = Symbol('late')

/**
 * Waits for `work`, but not longer than `milliseconds`. Work that is late goes on; when it fails then, nobody is told.
 *
 * @returns what `work` gives, or {@link LATE}
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
