import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { frameworkErrors, kernel, onArrival } from '../../src/index.ts'

describe('onArrival', () => {
  it('sees every request before the hooks of the app, of every scope and of no route', async () => {
    const app = Fastify({ frameworkErrors })
    const seen: string[] = []
    app.addHook('onRequest', async (_request, reply) => {
      seen.push('hook of the app')
      await reply.code(401).send('who are you?')
    })
    app.register(async (child) => {
      child.register(kernel)
      onArrival(child, ({ url }, reply) => {
        seen.push(`arrival ${url}`)
        void reply.header('x-seen', '1')
        return false
      })
      child.get('/child', () => 'ok')
    })
    app.get('/', () => 'ok')
    for (const url of ['/', '/child', '/nowhere']) {
      const reply = await app.inject(url)
      expect([reply.statusCode, reply.headers['x-seen']]).toEqual([401, '1'])
      expect(reply.headers['x-request-id']).toBeDefined()
      expect(seen.splice(0)).toEqual([`arrival ${url}`, 'hook of the app'])
    }
    // A malformed URL meets no hook.
    const malformed = await app.inject('/%zz')
    expect([malformed.statusCode, malformed.headers['x-seen']]).toEqual([400, '1'])
    expect(seen).toEqual(['arrival /%zz'])
  })

  it('ends a request that a listener answers', async () => {
    const app = Fastify()
    app.register(kernel)
    onArrival(app, (_request, reply) => {
      void reply.code(204).send()
      return true
    })
    app.get('/', () => {
      throw new Error('nobody comes here')
    })
    expect((await app.inject('/')).statusCode).toBe(204)
  })

  it('does not let a request pass where a listener throws', async () => {
    const app = Fastify()
    let ran = false
    app.register(kernel)
    onArrival(app, () => {
      throw new Error('a defect')
    })
    app.get('/', () => {
      ran = true
      return 'ok'
    })
    expect((await app.inject('/')).statusCode).toBe(500)
    expect(ran).toBe(false)
  })
})
