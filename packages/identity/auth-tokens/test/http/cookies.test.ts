import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearer } from '../app.ts'
import { cookieHeader, cookiesOf, FORM, routesApp } from './routes-app.ts'
import type { RoutesApp } from './routes-app.ts'

let routes: RoutesApp
beforeEach(async () => {
  routes = await routesApp({ cookie: { trustedOrigins: ['https://app.example.com'] } })
})
afterEach(() => routes.app.close())

const GRANT = { grant_type: 'refresh_token' }
const get = async (headers: Record<string, string>): Promise<number> =>
  (await routes.app.inject({ url: '/', headers })).statusCode

describe('signing in with cookies', () => {
  it('hands the tokens to the browser, and to no script', async () => {
    const reply = await routes.login()
    expect(reply.json()).toEqual({ token_type: 'bearer', expires_in: 900 })
    expect(reply.headers['cache-control']).toBe('no-store')
    const cookies = cookiesOf(reply)
    expect([...cookies.keys()]).toEqual(['__Host-access_token', '__Host-refresh_token'])
    for (const [name, { attributes }] of cookies) {
      const age = name === '__Host-access_token' ? 900 : 2_592_000
      expect(attributes).toEqual([`Max-Age=${age}`, 'Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict'])
    }
    expect(await get({ cookie: cookieHeader(reply) })).toBe(200)
  })

  it('is refused to a page of another site, which would sign its visitors in as somebody else', async () => {
    const reply = await routes.login({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([403, 'CROSS_SITE_REQUEST'])
    expect(reply.headers['set-cookie']).toBeUndefined()
    expect(routes.events.at(-1)).toMatchObject({ details: { reason: 'CROSS_SITE_REQUEST' } })
  })

  it('with the lax setting sets lax cookies', async () => {
    const lax = await routesApp({ cookie: { sameSite: 'lax' } })
    const [cookie] = cookiesOf(await lax.login()).values()
    expect(cookie?.attributes).toContain('SameSite=Lax')
    await lax.app.close()
  })

  it('says so when a token is longer than a cookie may be', async () => {
    const large = await routesApp({ cookie: {}, renewGrant: () => ({ claims: { text: 'x'.repeat(4_000) } }) })
    const reply = await large.post('/auth/token', GRANT, { cookie: cookieHeader(await large.login()) })
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([
      500,
      'PORTCULLIS_AUTH_TOKENS_COOKIE_TOO_LONG',
    ])
    expect(reply.headers['set-cookie']).toBeUndefined()
    expect(reply.body).not.toContain('xxx')
    await large.app.close()
  })

  it('sends a body where cookies are not an option', async () => {
    const plain = await routesApp()
    const reply = await plain.login({ 'sec-fetch-site': 'cross-site' })
    expect(Object.keys(reply.json<object>())).toHaveLength(4)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.headers['set-cookie']).toBeUndefined()
    await plain.app.close()
  })
})

describe('a cookie of another name', () => {
  it.each(['\u00a0', '\u00a0 ', '\t', '\u000b', '  ', '\ufeff', '=', 'x', '__Host-access_token', '"'])(
    'such as one that begins with %j is none of ours: any host of the domain may set it',
    async (before) => {
      const token = cookiesOf(await routes.login()).get('__Host-access_token')?.value
      const set = (more: string): string => `a=b; ${more}__Host-access_token=${token}`
      expect([await get({ cookie: set('') }), await get({ cookie: set(before) })]).toEqual([200, 401])
    },
  )
})

describe('refreshing with cookies', () => {
  it('sets both cookies anew, and tells no token', async () => {
    const login = await routes.login()
    const reply = await routes.post('/auth/token', GRANT, { cookie: cookieHeader(login) })
    expect([reply.statusCode, reply.json()]).toEqual([200, { token_type: 'bearer', expires_in: 900 }])
    const [before, after] = [login, reply].map((one) => cookiesOf(one).get('__Host-refresh_token')?.value)
    expect(after).not.toBe(before)
    expect(await get({ cookie: cookieHeader(reply) })).toBe(200)
  })

  it('works with an access cookie that has expired', async () => {
    const refresh = cookiesOf(await routes.login()).get('__Host-refresh_token')?.value
    const cookie = `__Host-access_token=expired; __Host-refresh_token=${refresh}`
    expect((await routes.post('/auth/token', GRANT, { cookie })).statusCode).toBe(200)
  })

  it('answers who sends the token in the body with a body', async () => {
    const { refresh_token } = await routes.signIn()
    const reply = await routes.post('/auth/token', { ...GRANT, refresh_token })
    expect(Object.keys(reply.json<object>())).toContain('refresh_token')
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  it.each([
    ['a token in the body and in a cookie', (token: string) => ({ refresh_token: token }), 1],
    ['the cookie twice', () => ({}), 2],
    ['no cookie at all', () => ({}), 0],
  ])('takes no request with %s', async (_name, body, times) => {
    const token = cookiesOf(await routes.login()).get('__Host-refresh_token')?.value ?? ''
    const cookie = Array.from({ length: times }, () => `__Host-refresh_token=${token}`).join('; ')
    const headers: Record<string, string> = cookie === '' ? {} : { cookie }
    const reply = await routes.post('/auth/token', { ...GRANT, ...body(token) }, headers)
    expect([reply.statusCode, reply.json()]).toEqual([400, { error: 'invalid_request' }])
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  it.each(['__host-refresh_token', '__Host-Refresh_token', 'refresh_token', ' x__Host-refresh_token'])(
    'looks at no cookie named %s',
    async (name) => {
      const token = cookiesOf(await routes.login()).get('__Host-refresh_token')?.value ?? ''
      const reply = await routes.post('/auth/token', GRANT, { cookie: `${name}=${token}` })
      expect(reply.json()).toEqual({ error: 'invalid_request' })
    },
  )

  it('takes the refresh token from the cookie of that name alone', async () => {
    const access = cookiesOf(await routes.login()).get('__Host-access_token')?.value ?? ''
    const reply = await routes.post('/auth/token', GRANT, { cookie: `__Host-refresh_token=${access}` })
    expect(reply.json()).toEqual({ error: 'invalid_grant' })
  })
})

/** What browsers send with requests of pages: of the app's own, and of others. */
const SITES: [Record<string, string>, boolean][] = [
  [{}, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-origin', origin: 'https://localhost:80' }, true],
  [{ origin: 'http://localhost:80', host: 'localhost' }, true],
  [{ origin: 'https://api.example.com', host: 'api.example.com' }, true],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' }, true],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://localhost' }, false],
  [{ 'sec-fetch-site': '' }, false],
  [{ 'sec-fetch-site': 'same-origin, cross-site' }, false],
  [{ 'sec-fetch-site': 'SAME-ORIGIN' }, false],
  [{ origin: 'null' }, false],
  [{ origin: '' }, false],
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'https://app.example.com.evil.example' }, false],
  [{ origin: 'https://APP.example.com' }, false],
  [{ origin: 'https://api.example.com:8443', host: 'api.example.com' }, false],
  [{ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }, false],
]

describe('a request with', () => {
  it.each(SITES)('%j of cookies is taken: %s', async (site, taken) => {
    const cookie = cookieHeader(await routes.login())
    const headers = { cookie, ...site }
    const post = await routes.app.inject({ method: 'POST', url: '/', headers })
    const token = await routes.post('/auth/token', GRANT, headers)
    const revoke = await routes.post('/auth/revoke', {}, headers)
    const end = await routes.app.inject({
      method: 'DELETE',
      url: '/auth/sessions',
      headers: { cookie: cookieHeader(await routes.login()), ...site },
    })
    for (const reply of [post, token, revoke, end]) {
      if (taken) expect(reply.statusCode).toBeLessThan(300)
      else {
        expect(reply.statusCode).toBe(403)
        expect(reply.json<{ code: string }>().code).toBe('CROSS_SITE_REQUEST')
        expect(reply.headers['set-cookie']).toBeUndefined()
      }
    }
    expect(await get({ cookie: cookieHeader(await routes.login()), ...site })).toBe(200)
  })

  it('a page of another site takes no cookies away, even where the browser sent none along', async () => {
    const reply = await routes.post('/auth/revoke', {}, { 'sec-fetch-site': 'cross-site' })
    expect(reply.statusCode).toBe(403)
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  it('a token in a header and in a cookie is not readable', async () => {
    const { access_token: token } = await routes.signIn()
    const cookie = cookieHeader(await routes.login())
    expect(await get({ cookie, ...bearer(token) })).toBe(400)
    expect(await get({ cookie: `${cookie}; ${cookie}` })).toBe(400)
  })

  it('an upgrade to a WebSocket is one that writes', async () => {
    const cookie = cookieHeader(await routes.login())
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', cookie }
    expect(await get({ ...upgrade, origin: 'https://evil.example' })).toBe(403)
    expect(await get({ ...upgrade, 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await get({ ...upgrade, 'sec-fetch-site': 'same-origin' })).toBe(200)
  })
})

describe('signing out with cookies', () => {
  const gone = ['Max-Age=0', 'Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']

  it('ends the session and takes the cookies away', async () => {
    const login = await routes.login()
    const cookie = cookieHeader(login)
    const reply = await routes.app.inject({ method: 'POST', url: '/auth/revoke', headers: { cookie } })
    expect([reply.statusCode, reply.body]).toEqual([200, ''])
    for (const { value, attributes } of cookiesOf(reply).values())
      expect([value, attributes]).toEqual(['', gone])
    expect(cookiesOf(reply).size).toBe(2)
    expect(await get({ cookie })).toBe(401)
    expect((await routes.post('/auth/token', GRANT, { cookie })).statusCode).toBe(400)
    expect(await routes.app.tokens.sessions('ada')).toEqual([])
  })

  it('ends the session of an access cookie that is alone', async () => {
    const login = await routes.login()
    const access = `__Host-access_token=${cookiesOf(login).get('__Host-access_token')?.value}`
    await routes.post('/auth/revoke', {}, { cookie: access })
    expect(await routes.app.tokens.sessions('ada')).toEqual([])
  })

  it('may be asked for twice, and without any cookie', async () => {
    for (const cookie of ['', '__Host-refresh_token=x', '__Host-access_token=x']) {
      const reply = await routes.post('/auth/revoke', {}, { cookie })
      expect([reply.statusCode, cookiesOf(reply).size]).toEqual([200, 2])
    }
  })

  it('takes the cookies of the caller away with its session, and with all', async () => {
    for (const path of ['', '/current']) {
      const login = await routes.login()
      const headers = { cookie: cookieHeader(login) }
      const listed = await routes.app.inject({ url: '/auth/sessions', headers })
      const { sessions } = listed.json<{ sessions: { id: string; current: boolean }[] }>()
      const id = sessions.find(({ current }) => current)?.id ?? ''
      const url = `/auth/sessions${path.replace('current', id)}`
      const reply = await routes.app.inject({ method: 'DELETE', url, headers })
      expect([reply.statusCode, cookiesOf(reply).size]).toEqual([204, 2])
      expect(await get(headers)).toBe(401)
    }
  })
})

describe('over a socket', () => {
  /** Sends bytes and returns the first answer. */
  async function raw(lines: readonly string[], body = ''): Promise<string> {
    if (!routes.app.server.listening) await routes.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = routes.app.server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
      socket.setEncoding('utf8').on('data', (part: string) => (text += part))
      socket.on('error', reject).on('close', () => resolve(text))
      socket.write([...lines, 'Connection: close', '', body].join('\r\n'))
    })
  }

  it('a cookie in two headers is there twice', async () => {
    const token = cookiesOf(await routes.login()).get('__Host-refresh_token')?.value
    const body = 'grant_type=refresh_token'
    const head = ['POST /auth/token HTTP/1.1', 'Host: a', `Content-Type: ${FORM}`, 'Content-Length: 24']
    const one = `Cookie: __Host-refresh_token=${token}`
    const answer = await raw([...head, one, 'Cookie: __Host-refresh_token=other'], body)
    expect(answer).toContain('HTTP/1.1 400')
    expect(answer).toContain('{"error":"invalid_request"}')
  })

  it('a token in two Authorization headers is not readable', async () => {
    const { access_token: token } = await routes.signIn()
    const line = `Authorization: Bearer ${token}`
    expect(await raw(['GET / HTTP/1.1', 'Host: a', line, line])).toContain('HTTP/1.1 400')
    expect(await raw(['GET / HTTP/1.1', 'Host: a', line])).toContain('HTTP/1.1 200')
  })

  it('an opaque origin without a host is another site', async () => {
    const cookie = `Cookie: ${cookieHeader(await routes.login())}`
    const answer = await raw(['POST / HTTP/1.0', cookie, 'Origin: null', 'Content-Length: 0'])
    expect(answer).toContain('CROSS_SITE_REQUEST')
  })
})
