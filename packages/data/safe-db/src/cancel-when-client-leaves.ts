import { onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Connection } from './connections/connection.ts'

/** Connections that work for a request. One listener for all: the kernel keeps listeners until the end of the request. */
const working = new WeakMap<FastifyRequest, Set<Connection>>()

function workingFor(request: FastifyRequest): Set<Connection> {
  const known = working.get(request)
  if (known !== undefined) return known
  const connections = new Set<Connection>()
  working.set(request, connections)
  onSettled(request, ({ completed }) => {
    // What a request left to be done after its reply was sent goes on.
    if (!completed) for (const connection of connections) connection.cancel()
  })
  return connections
}

/**
 * Has the server cancel what a connection does when the request's client goes away before it is answered.
 *
 * @returns a function to call when that does not matter any more
 */
export function cancelWhenClientLeaves(
  request: FastifyRequest | undefined,
  connection: Connection,
): () => void {
  if (request === undefined) return () => undefined
  const connections = workingFor(request)
  connections.add(connection)
  return () => void connections.delete(connection)
}
