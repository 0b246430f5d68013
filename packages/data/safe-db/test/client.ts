import { get } from 'node:http'

/** A request on a connection of its own, whose client can go away. */
export interface Visitor {
  /** Ends the connection at once. */
  leave(): void
  /** The answer's body; what came of it where the client went away. */
  readonly body: Promise<string>
}

/** Sends a request. */
export function visit(url: string): Visitor {
  const request = get(url, { agent: false })
  let text = ''
  const body = new Promise<string>((resolve) => {
    request.on('error', () => undefined)
    request.on('close', () => resolve(text))
    request.on('response', (response) => {
      response.on('error', () => undefined)
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('close', () => resolve(text))
    })
  })
  return { leave: () => void request.destroy(), body }
}
