import type { FastifyInstance } from 'fastify'
import { inRole, isStaff, PUBLIC_TENANT, signedIn, viewerOf } from '../authentication.ts'
import type { DatabaseOf } from '../database/database.ts'
import { listOrders, orderById } from '../database/queries/orders.ts'
import { changeUser, usersById } from '../database/queries/users.ts'
import type { OrderStatus, Role } from '../database/rows.ts'
import { ShopError } from '../errors.ts'
import { loginLimit } from '../logins.ts'
import { login, register } from '../sessions.ts'
import * as schemas from './schemas.ts'

/** The REST half of the shop. */
export function registerRoutes(app: FastifyInstance, databaseOf: DatabaseOf): void {
  app.route<{ Body: { email: string; password: string } }>({
    method: 'POST',
    url: '/auth/login',
    config: { userRateLimit: { policies: { login: loginLimit } } },
    schema: { body: schemas.credentials, response: { 200: schemas.session } },
    handler: (request) =>
      login(app, databaseOf(request), request.log, request.body.email, request.body.password),
  })

  app.route<{ Body: { name: string; email: string; password: string } }>({
    method: 'POST',
    url: '/auth/register',
    schema: { body: schemas.registration, response: { 200: schemas.session } },
    handler: (request) => register(app, databaseOf(request), PUBLIC_TENANT, request.body),
  })

  app.route<{ Params: { id: number } }>({
    method: 'GET',
    url: '/users/:id',
    schema: { params: schemas.idParameter, response: { 200: schemas.user } },
    handler: async (request) => {
      const viewer = signedIn(await viewerOf(request))
      const { id } = request.params
      const [user] = viewer.id === id || isStaff(viewer) ? await usersById(databaseOf(request), [id]) : []
      // Other people's numbers and unknown ones get the same answer.
      if (!user) throw new ShopError('NOT_FOUND', 'There is no such user')
      return user
    },
  })

  app.route<{ Querystring: { first: number; after?: number; status?: OrderStatus } }>({
    method: 'GET',
    url: '/orders',
    // A list is read now and then, and polled by nobody who means well.
    config: { userRateLimit: { policies: { orderLists: { quota: 20, window: '10s' } } } },
    schema: { querystring: schemas.orderQuery, response: { 200: schemas.orders } },
    handler: async (request) => {
      const viewer = signedIn(await viewerOf(request))
      const { first, after = null, status = null } = request.query
      const filter = { userId: isStaff(viewer) ? null : viewer.id, status }
      return { orders: await listOrders(databaseOf(request), filter, { first, after }) }
    },
  })

  app.route<{ Params: { id: number } }>({
    method: 'GET',
    url: '/orders/:id',
    schema: { params: schemas.idParameter, response: { 200: schemas.order } },
    handler: async (request) => {
      signedIn(await viewerOf(request))
      const order = await orderById(databaseOf(request), request.params.id)
      if (!order) throw new ShopError('NOT_FOUND', 'There is no such order')
      return order
    },
  })

  app.route<{ Params: { id: number }; Body: { name?: string; phone?: string; role?: Role } }>({
    method: 'PATCH',
    url: '/admin/users/:id',
    config: {
      // Who makes admins must be on record before it is done.
      audit: { action: 'user.change', delivery: 'blocking-strict' },
      userRateLimit: {
        policies: {
          perUser: { quota: 30 },
          adminOfTenant: { quota: 100, window: '1m', partitionKey: 'tenant' },
        },
      },
    },
    schema: { params: schemas.idParameter, body: schemas.userChange, response: { 200: schemas.user } },
    handler: async (request) => {
      inRole(await viewerOf(request), 'admin')
      const user = await changeUser(databaseOf(request), request.params.id, request.body)
      if (!user) throw new ShopError('NOT_FOUND', 'There is no such user')
      return user
    },
  })
}
