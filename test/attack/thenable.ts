const withMethod = (name: string, method: (resolve: (value: unknown) => void) => void): object => ({
  [name]: method,
})

/** What has a `then` without being a promise: it returns nothing, and nobody catches what its callback throws. */
export const thenable = (value: unknown): object =>
  withMethod('then', (resolve) => {
    setImmediate(() => resolve(value))
  })
