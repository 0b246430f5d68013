import type { FastifyRequest } from 'fastify'

/** Whether a request became, or asks to become, a connection of its own, such as a WebSocket. */
export function isUpgrade(request: FastifyRequest): boolean {
  return request.raw.headers.upgrade !== undefined
}
