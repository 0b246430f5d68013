import { createHmac } from 'node:crypto'

/** The peppers of a registration. */
export interface Peppers {
  /** What new hashes are made with. */
  readonly current: Pepper | undefined
  find(keyId: string): Pepper | undefined
}

/** A secret that is hashed with the password, and kept elsewhere than the hashes. */
export interface Pepper {
  /** What a hash says of its pepper: 24 bits, enough to tell a few apart and too few to test a guess of the secret with. */
  readonly id: string
  readonly secret: Buffer
}

/** A pepper by its text. */
export function pepperOf(secret: string): Pepper {
  const id = createHmac('sha256', secret).update('portcullis: id of a pepper').digest().subarray(0, 3)
  return { id: id.toString('base64'), secret: Buffer.from(secret) }
}

/** The peppers that new and old hashes are made with. */
export function createPeppers(current: string | undefined, previous: readonly string[]): Peppers {
  const now = current === undefined ? undefined : pepperOf(current)
  const all = [...(now === undefined ? [] : [now]), ...previous.map(pepperOf)]
  const byId = new Map(all.map((one) => [one.id, one]))
  return { current: now, find: (keyId) => byId.get(keyId) }
}
