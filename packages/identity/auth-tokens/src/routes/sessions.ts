import type { KnownPrincipal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SessionNotFound, Unauthenticated } from '../errors.ts'
import { dropCookies } from '../http/send-tokens.ts'
import { registrationIn } from '../registration.ts'
import type { SessionInfo } from '../tokens.ts'

/** A session as its owner sees it. */
interface OwnSession extends SessionInfo {
  /** Whether this request belongs to it. */
  readonly current: boolean
}

/** Who asks. The routes need a token; this holds even where somebody else's hook let the request through. */
async function callerOf(request: FastifyRequest): Promise<KnownPrincipal> {
  const principal = await request.resolvePrincipal()
  if (principal.kind === 'anonymous') throw new Unauthenticated()
  return principal
}

async function ownSessions(request: FastifyRequest): Promise<readonly OwnSession[]> {
  const { id, sessionId } = await callerOf(request)
  const sessions = await registrationIn(request.server).service.sessions(id)
  return sessions.map((session) => ({ ...session, current: session.id === sessionId }))
}

/** `GET /sessions`: the caller's own. */
export async function listSessions(request: FastifyRequest): Promise<object> {
  return { sessions: await ownSessions(request) }
}

/** `DELETE /sessions/:id`: ends one of the caller's own. */
export async function endSession(
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
): Promise<FastifyReply> {
  const session = (await ownSessions(request)).find((one) => one.id === id)
  if (session === undefined) throw new SessionNotFound()
  await registrationIn(request.server).service.revoke({ session: session.id })
  if (session.current) dropCookies(request, reply)
  return reply.code(204).send()
}

/** `DELETE /sessions`: signs the caller out everywhere. */
export async function endAllSessions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { id: subject } = await callerOf(request)
  await registrationIn(request.server).service.revoke({ subject })
  dropCookies(request, reply)
  return reply.code(204).send()
}
