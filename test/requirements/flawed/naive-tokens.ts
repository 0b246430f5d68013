import { createHmac, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

interface Claims {
  readonly sub: string
  readonly token_type: 'access' | 'refresh'
  readonly jti?: string
  readonly exp: number
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const mac = (text: string, secret: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url')

/**
 * Tokens as the guide's sample has them: any secret, no type in the header, one token refreshed by looking first and
 * deleting then, revocation by a list that nobody reads for a whole user.
 */
export async function naiveTokens(
  app: FastifyInstance,
  { secret = 'secret' }: { secret?: string },
): Promise<void> {
  const stored = new Set<string>()
  const denied = new Set<string>()

  function sign(sub: string, type: Claims['token_type']): string {
    const claims: Claims = { sub, token_type: type, jti: randomUUID(), exp: Date.now() / 1000 + 900 }
    const body = `${encode({ alg: 'HS256' })}.${encode(claims)}`
    return `${body}.${mac(body, secret)}`
  }

  function read(token: string): Claims | undefined {
    const [header, payload = '', signature = ''] = token.split('.')
    // Decoded, so that every spelling of the bytes will do.
    const given = Buffer.from(signature, 'base64url')
    if (!given.equals(Buffer.from(mac(`${header}.${payload}`, secret), 'base64url'))) return undefined
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  }

  function pair(sub: string): { access_token: string; refresh_token: string } {
    const refresh = sign(sub, 'refresh')
    stored.add(refresh)
    return { access_token: sign(sub, 'access'), refresh_token: refresh }
  }

  app.decorate('naive', {
    issue: async (sub: string) => pair(sub),
    async refresh(token: string) {
      const known = stored.has(token)
      await new Promise((resolve) => setImmediate(resolve))
      if (!known) throw Object.assign(new Error('no'), { statusCode: 400 })
      stored.delete(token)
      return pair(read(token)?.sub ?? '')
    },
    revoke: async (token: string) => void denied.add(token),
    revokeAll: async (sub: string) => void denied.add(`__all__${sub}`),
  })
  app.addHook('onRequest', async (request, reply) => {
    const token = request.headers.authorization?.replace('Bearer ', '')
    if (request.routeOptions.config.auth === false) return
    if (token === undefined || denied.has(token) || read(token) === undefined) return reply.code(401).send({})
  })
}
