/** Hands a value over. Fulfils when it was taken and the next one is wanted; with `false` when no more are. */
export type Push<T> = (value: T) => Promise<boolean>

interface Offer<T> {
  readonly value: T
  readonly answer: (more: boolean) => void
}

/**
 * Turns something that pushes values into something that one pulls them from. `produce` begins with the first pull, and is
 * never more than one value ahead. Whoever stops early waits until it has come to its end.
 *
 * @throws what `produce` throws, at the next pull; what it throws after nobody pulls any more is nobody's
 */
export async function* pulled<T>(
  produce: (push: Push<T>) => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  let offer: Offer<T> | undefined
  let outcome: { readonly error?: unknown } | undefined
  let wake: () => void = () => undefined
  const settle = (as: { readonly error?: unknown }): void => {
    outcome = as
    wake()
  }
  const producing = produce(
    (value) =>
      new Promise((answer) => {
        offer = { value, answer }
        wake()
      }),
  ).then(
    () => settle({}),
    (error: unknown) => settle({ error }),
  )
  const next = async (): Promise<Offer<T> | undefined> => {
    if (offer === undefined && outcome === undefined) await new Promise<void>((resolve) => (wake = resolve))
    // A failure goes before a value that is still on offer: it may be of a transaction that is undone.
    if (outcome !== undefined && 'error' in outcome) throw outcome.error
    return offer
  }
  try {
    for (let current = await next(); current !== undefined; current = await next()) {
      yield current.value
      offer = undefined
      current.answer(true)
    }
  } finally {
    offer?.answer(false)
    await producing
  }
}
