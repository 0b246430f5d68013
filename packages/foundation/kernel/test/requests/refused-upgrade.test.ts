import { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { codedError, decide, useKernel } from '../../src/index.ts'

const Closed = codedError('CLOSED', 'We are closed.', 403)

describe('a refused upgrade', () => {
  it('leaves no connection open, since nobody but us would end it', async () => {
    const app = Fastify()
    useKernel(app)
    decide(app, {
      stage: 'onRequest',
      phase: 'origin',
      name: 'closed',
      run: () => ({
        gate: 'closed',
        error: new Closed(),
        event: { type: 'query.rejected', severity: 'INFO', details: { code: 'CLOSED' } },
      }),
    })
    app.get('/', () => 'hello')
    // What @fastify/websocket does: the router answers on the socket that Node has let go of.
    app.server.on('upgrade', (request, socket) => {
      const response = new ServerResponse(request)
      response.assignSocket(socket as Socket)
      app.routing(request, response)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await new Promise((resolve) => socket.on('close', resolve))
    expect(answer).toMatch(/^HTTP\/1.1 403 /)
    expect((await app.inject({ url: '/', headers: { upgrade: 'websocket' } })).statusCode).toBe(403)
    await app.close()
  })
})
