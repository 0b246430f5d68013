import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { doorOf } from '../doors/door-of.ts'
import type { Exchange } from '../fields/current-request.ts'
import { GuardedSocket } from './guarded-socket.ts'
import { isUpgrade } from './is-upgrade.ts'
import type { Socket } from './socket.ts'

/** What @fastify/websocket adds to Fastify, as far as it is used here. */
interface WithSockets {
  readonly websocketServer?: EventEmitter
}

/** Requests that are about to become sockets. */
const arriving = new WeakMap<IncomingMessage, Exchange>()
const servers = new WeakSet<EventEmitter>()

function guardServer(server: EventEmitter): void {
  if (servers.has(server)) return
  servers.add(server)
  // Told before the route's handler gets the socket, so nothing is heard of it that was not judged.
  server.prependListener('connection', (socket: Socket, raw: IncomingMessage) => {
    const exchange = arriving.get(raw)
    if (exchange === undefined) return
    arriving.delete(raw)
    new GuardedSocket(socket, exchange).guard()
  })
}

function portcullisSocket(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { websocketServer } = request.server as WithSockets
  if (websocketServer !== undefined && isUpgrade(request) && doorOf(request) !== undefined) {
    guardServer(websocketServer)
    arriving.set(request.raw, { request, reply })
  }
  done()
}

/** Guards the sockets of the GraphQL routes of a scope. */
export function guardSockets(app: FastifyInstance): void {
  app.addHook('preHandler', portcullisSocket)
}
