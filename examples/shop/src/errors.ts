/** Codes the shop itself answers with, in REST and GraphQL alike. */
export type ShopErrorCode = 'BAD_USER_INPUT' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'NOT_FOUND' | 'CONFLICT'

const STATUS: Readonly<Record<ShopErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
}

/** An answer the shop means to give. Fastify reads `statusCode` and `code`, mercurius `extensions`. */
export class ShopError extends Error {
  /** The stable code of the error. */
  readonly code: ShopErrorCode
  /** HTTP status that belongs to the code. */
  readonly statusCode: number
  /** What a GraphQL error carries. */
  readonly extensions: { readonly code: ShopErrorCode }

  constructor(code: ShopErrorCode, message: string) {
    super(message)
    this.name = 'ShopError'
    this.code = code
    this.statusCode = STATUS[code]
    this.extensions = { code }
  }
}
