import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { SecurityEvent } from '@portcullis/kernel'
import { authTokens } from '../../src/index.ts'
import type { AuthTokensOptions, TokenPair } from '../../src/index.ts'
import { authRoutes } from '../../src/routes/index.ts'
import type { AuthRoutesOptions } from '../../src/routes/index.ts'
import { optionsWith } from '../app.ts'

/** An app with the routes below `/auth`, `/login` that signs ada in, and what it has published. */
export interface RoutesApp {
  readonly app: FastifyInstance
  readonly events: SecurityEvent[]
  /** Sends a form. */
  post(
    url: string,
    form: Record<string, string> | string,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  /** Signs ada in. */
  login(headers?: Record<string, string>): Promise<LightMyRequestResponse>
  signIn(subject?: string): Promise<TokenPair>
}

export const FORM = 'application/x-www-form-urlencoded'

export async function routesApp(
  tokens: Partial<AuthTokensOptions> = {},
  routes: AuthRoutesOptions = {},
): Promise<RoutesApp> {
  const app = Fastify()
  const events: SecurityEvent[] = []
  app.register(authTokens, optionsWith(tokens))
  app.register(authRoutes, { prefix: '/auth', ...routes })
  app.get('/', (request) => request.resolvePrincipal())
  app.post('/', (request) => request.resolvePrincipal())
  app.post('/login', { config: { auth: false } }, async (_request, reply) =>
    reply.sendTokens(await app.tokens.issue({ subject: 'ada' })),
  )
  await app.ready()
  app.securityEvents.subscribe((event) => events.push(event))
  return {
    app,
    events,
    post: (url, form, headers = {}) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': FORM, ...headers },
        payload: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
      } satisfies InjectOptions),
    login: (headers = {}) => app.inject({ method: 'POST', url: '/login', headers }),
    signIn: (subject = 'ada') => app.tokens.issue({ subject }),
  }
}

/** The cookies that an answer sets, by name, with their attributes. */
export function cookiesOf(
  reply: LightMyRequestResponse,
): Map<string, { value: string; attributes: string[] }> {
  const given = reply.headers['set-cookie'] ?? []
  return new Map(
    [given].flat().map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      return [pair.slice(0, at), { value: pair.slice(at + 1), attributes }]
    }),
  )
}

/** The Cookie header of a browser that has got them. */
export function cookieHeader(reply: LightMyRequestResponse): string {
  return [...cookiesOf(reply)].map(([name, { value }]) => `${name}=${value}`).join('; ')
}
