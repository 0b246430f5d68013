import type { FastifyRequest } from 'fastify'

/** Whether a request becomes a WebSocket (@fastify/websocket says so): then it carries no operation itself. */
export function isUpgrade(request: FastifyRequest): boolean {
  return (request as { ws?: boolean | null }).ws === true
}
