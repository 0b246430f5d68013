import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Registration } from './app-state.ts'
import { pathOf, sourceOf } from './facts.ts'

const seen = new WeakSet<object>()

/** Says that a request reached the hooks, and is recorded there or deliberately not. */
export function markSeen(raw: object): void {
  seen.add(raw)
}

/** A child scope has its parent as prototype. */
function isRoot(app: FastifyInstance): boolean {
  return Object.getPrototypeOf(app) === Object.prototype
}

const HARMLESS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * Records what no hook sees: requests that something answered before, such as a malformed URL, and bytes that are no
 * HTTP. For the root scope alone, since nothing tells which scope these were meant for.
 */
export function recordUnrouted(app: FastifyInstance, registration: Registration): void {
  if (!isRoot(app)) return
  const open = new WeakSet<Socket>()
  const { trail } = registration

  app.server.prependListener('request', (raw: IncomingMessage, response: ServerResponse) => {
    open.add(raw.socket)
    const address = raw.socket.remoteAddress
    response.once('close', () => {
      open.delete(raw.socket)
      if (seen.has(raw)) return
      const id = response.getHeader('x-request-id')
      const record = trail.append({
        type: 'http.request',
        stage: 'complete',
        severity: 'WARNING',
        outcome: response.statusCode >= 400 ? 'refused' : 'succeeded',
        reason: 'UNROUTED',
        source: sourceOf(registration, address, raw.headers['user-agent']),
        request: {
          id: typeof id === 'string' ? id : undefined,
          method: raw.method,
          path: pathOf(registration, raw.url),
          status: response.statusCode,
          completed: response.writableFinished,
        },
      })
      trail.track(record)
    })
  })

  app.server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // A request that is under way on this connection is recorded by its own end.
    if (HARMLESS.has(error.code ?? '') || open.has(socket)) return
    const record = trail.append({
      type: 'http.malformed',
      severity: 'WARNING',
      outcome: 'refused',
      reason: (error.code ?? 'UNKNOWN').slice(0, 64),
      source: sourceOf(registration, socket.remoteAddress, undefined),
    })
    trail.track(record)
  })
}
