import { randomBytes } from 'node:crypto'
import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Role } from './database/rows.ts'
import { ShopError } from './errors.ts'

/** Who asks, as the access token says it. */
export interface Viewer {
  readonly id: number
  readonly tenantId: string
  readonly role: Role
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string; tenant: string; role: Role }
    user: { sub: string; tenant: string; role: Role }
  }
}

const ISSUER = 'portcullis-shop'

/** Visitors without an account look at this tenant's shop window. */
export const PUBLIC_TENANT = 'harbor'

/** Signed access tokens of 15 minutes; the secret lives as long as the process. */
export async function registerAuthentication(app: FastifyInstance): Promise<void> {
  await app.register(jwt, {
    secret: randomBytes(32),
    sign: { algorithm: 'HS256', expiresIn: '15m', iss: ISSUER },
    verify: { algorithms: ['HS256'], allowedIss: ISSUER },
  })
}

/** Issues the access token of an account. */
export function issueToken(app: FastifyInstance, viewer: Viewer): string {
  return app.jwt.sign({ sub: String(viewer.id), tenant: viewer.tenantId, role: viewer.role })
}

const known = new WeakMap<FastifyRequest, Promise<Viewer | null>>()

/**
 * Who sent the request: verified once, for the first who asks. `null` for a visitor without a token.
 *
 * @throws an error of status 401 when a token is there and does not hold.
 */
export function viewerOf(request: FastifyRequest): Promise<Viewer | null> {
  let viewer = known.get(request)
  if (!viewer) {
    viewer = verify(request)
    known.set(request, viewer)
  }
  return viewer
}

/** The viewer, where the route or field needs one. */
export function signedIn(viewer: Viewer | null): Viewer {
  if (!viewer) throw new ShopError('UNAUTHENTICATED', 'Sign in first')
  return viewer
}

/** The viewer, where the route or field is for certain roles alone. */
export function inRole(viewer: Viewer | null, ...roles: Role[]): Viewer {
  const account = signedIn(viewer)
  if (!roles.includes(account.role)) throw new ShopError('FORBIDDEN', 'Your account may not do this')
  return account
}

/** Support and admin work for the shop; they see what belongs to its customers. */
export function isStaff(viewer: Viewer | null): boolean {
  return viewer?.role === 'support' || viewer?.role === 'admin'
}

async function verify(request: FastifyRequest): Promise<Viewer | null> {
  if (request.headers.authorization === undefined) return null
  const { sub, tenant, role } = await request.jwtVerify<{ sub: string; tenant: string; role: Role }>()
  return { id: Number(sub), tenantId: tenant, role }
}
