import type { ServerResponse } from 'node:http'

type Name = 'writeHead' | 'write' | 'end' | 'flushHeaders'
type Method = (...given: unknown[]) => unknown

const NAMES: readonly Name[] = ['writeHead', 'write', 'end', 'flushHeaders']

/** What is asked for when the first byte is about to leave. */
export interface ResponseGate {
  /**
   * Decides, once, what becomes of the response.
   *
   * @returns nothing to let it go; a function that answers something else in its place
   */
  decide(statusCode: number): Promise<((source: Destroyable | undefined) => void) | undefined>
}

/** A stream that is piped into the response. */
export interface Destroyable {
  destroy(error?: Error): unknown
}

/**
 * Holds a response back when its first byte is about to leave, whoever sends it: hooks of others may come after any hook of
 * ours, and a hijacked reply has none. Nothing of it is lost: it goes on, in order, when `decide` has answered.
 */
export function holdResponse(raw: ServerResponse, gate: ResponseGate): void {
  const methods = raw as unknown as Record<Name, Method>
  const own = new Map(NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(raw, name)]))
  const originals = new Map(NAMES.map((name) => [name, methods[name]]))
  const held: { readonly name: Name; readonly given: readonly unknown[] }[] = []
  let source: Destroyable | undefined
  let isDeciding = false
  const onPipe = (stream: Destroyable): void => void (source = stream)
  raw.on('pipe', onPipe)

  function open(): void {
    raw.removeListener('pipe', onPipe)
    for (const name of NAMES) {
      const descriptor = own.get(name)
      if (descriptor === undefined) delete (raw as Partial<Record<Name, unknown>>)[name]
      else Object.defineProperty(raw, name, descriptor)
    }
  }

  async function decide(statusCode: number): Promise<void> {
    const answer = await gate.decide(statusCode)
    open()
    // There is nobody to answer any more.
    if (raw.destroyed) return
    if (answer !== undefined) return answer(source)
    for (const { name, given } of held) originals.get(name)?.apply(raw, [...given])
    if (held.some(({ name }) => name === 'write') && !raw.writableNeedDrain) raw.emit('drain')
  }

  for (const name of NAMES) {
    const hold = (...given: unknown[]): unknown => {
      held.push({ name, given })
      if (!isDeciding) {
        isDeciding = true
        void decide(name === 'writeHead' ? Number(given[0]) : raw.statusCode)
      }
      // A stream that is piped into it waits for `drain`.
      return name === 'write' ? false : raw
    }
    Object.defineProperty(raw, name, { value: hold, configurable: true, writable: true })
  }
}
