import type { FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { PUBLIC_TENANT, isStaff, viewerOf, type Viewer } from '../authentication.ts'
import type { UserRow } from '../database/rows.ts'

/** What every resolver knows of its request. */
export interface ShopContext {
  readonly db: Pool
  readonly viewer: Viewer | null
  /** The only tenant whose rows the request may see. */
  readonly tenantId: string
}

declare module 'mercurius' {
  interface MercuriusContext extends ShopContext {}
}

/** Builds the context of one GraphQL request. */
export async function contextOf(db: Pool, request: FastifyRequest): Promise<ShopContext> {
  const viewer = await viewerOf(request)
  return { db, viewer, tenantId: viewer?.tenantId ?? PUBLIC_TENANT }
}

/** Contact data is for the person and for staff. */
export function seesContact({ viewer }: ShopContext, user: Pick<UserRow, 'id'>): boolean {
  return viewer?.id === user.id || isStaff(viewer)
}
