import { routeRecordOf } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { gateStateOf } from '../state.ts'
import type { Door } from './door.ts'
import { doorFrom } from './door-from.ts'

/**
 * The door that a request came through, or `undefined` where its route is none. Routes that could not be seen at boot
 * are looked at when their first request comes.
 */
export function doorOf(request: FastifyRequest): Door | undefined {
  const { doors } = gateStateOf(request.server)
  const route = routeRecordOf(request)
  const known = doors.get(route)
  if (known !== undefined || route.seen) return known
  const door = doorFrom(route)
  if (door !== undefined) doors.set(route, door)
  return door
}

/** Whether a request came through a GraphQL door. */
export function isDoor(request: FastifyRequest): boolean {
  return doorOf(request) !== undefined
}
