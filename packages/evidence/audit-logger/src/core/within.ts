/**
 * Waits for something, but not longer than that.
 *
 * @throws (rejects) what `work` rejects with, or an error that says that it did not end in time
 */
export async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** {@link within} for work of which only the end matters. @returns whether it came to a good end in time */
export async function endsWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return within(work, milliseconds).then(
    () => true,
    () => false,
  )
}
