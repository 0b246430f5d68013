import type { FastifyRequest } from 'fastify'
import { PUBLIC_TENANT, isStaff, viewerOf, type Viewer } from '../authentication.ts'
import type { DatabaseOf, ShopDatabase } from '../database/database.ts'
import type { UserRow } from '../database/rows.ts'

/** What every resolver knows of its request. */
export interface ShopContext {
  /** On behalf of who asks. */
  readonly db: ShopDatabase
  readonly viewer: Viewer | null
  /** The tenant that is visited. */
  readonly tenantId: string
}

declare module 'mercurius' {
  interface MercuriusContext extends ShopContext {}
}

/** Builds the context of one GraphQL request. */
export async function contextOf(databaseOf: DatabaseOf, request: FastifyRequest): Promise<ShopContext> {
  const viewer = await viewerOf(request)
  return { db: databaseOf(request), viewer, tenantId: viewer?.tenantId ?? PUBLIC_TENANT }
}

/** Contact data is for the person and for staff. */
export function seesContact({ viewer }: ShopContext, user: Pick<UserRow, 'id'>): boolean {
  return viewer?.id === user.id || isStaff(viewer)
}
