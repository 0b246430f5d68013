/** JSON Schemas of the REST routes. A response holds what its schema names and nothing else. */
const INT4 = 2_147_483_647

export const idParameter = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer', minimum: 1, maximum: INT4 } },
} as const

export const credentials = {
  type: 'object',
  required: ['email', 'password'],
  additionalProperties: false,
  properties: {
    email: { type: 'string', minLength: 3, maxLength: 254 },
    password: { type: 'string', minLength: 1, maxLength: 256 },
  },
} as const

/** Lengths are for the shop to judge, which says what it found wrong. */
export const registration = {
  type: 'object',
  required: ['name', 'email', 'password'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', maxLength: 1_000 },
    email: { type: 'string', maxLength: 1_000 },
    password: { type: 'string', maxLength: 1_000 },
  },
} as const

/** The title makes it the type of which personal-data.ts speaks. */
export const user = {
  title: 'User',
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    role: { type: 'string' },
    email: { type: 'string' },
    phone: { type: ['string', 'null'] },
    ssn: { type: ['string', 'null'] },
    createdAt: { type: 'string', format: 'date-time' },
  },
} as const

export const session = {
  type: 'object',
  properties: { token: { type: 'string' }, user },
} as const

export const userChange = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    phone: { type: 'string', minLength: 3, maxLength: 30 },
    role: { type: 'string', enum: ['customer', 'support', 'admin'] },
  },
} as const

export const orderQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    first: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    after: { type: 'integer', minimum: 1, maximum: INT4 },
    status: { type: 'string', enum: ['PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED'] },
  },
} as const

export const order = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    userId: { type: 'integer' },
    status: { type: 'string' },
    totalCents: { type: 'integer' },
    createdAt: { type: 'string', format: 'date-time' },
  },
} as const

export const orders = {
  type: 'object',
  properties: { orders: { type: 'array', items: order } },
} as const
