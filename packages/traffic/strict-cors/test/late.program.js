// Has a hook and a route first and loads the gate afterwards, as an app with a dynamic import would.
import Fastify from 'fastify'

const app = Fastify()
app.addHook('onRequest', async (request, reply) => {
  if (request.headers['x-anonymous'] !== undefined) await reply.code(401).send('who are you?')
})
app.get('/before', () => 'ok')
app.post('/before', () => 'ok')

const { strictCors } = await import('../dist/index.js')
const origins = ['https://app.example.com']
await app.register(async (child) => {
  await child.register(strictCors, { origins })
  child.get('/after', () => 'ok')
})
await app.register(strictCors, { origins })
app.get('/also', () => 'ok')
await app.ready()

const ask = async (url, origin = origins[0]) => {
  const headers = { origin, 'access-control-request-method': 'GET' }
  return (await app.inject({ method: 'OPTIONS', url, headers })).statusCode
}
const read = await app.inject({ url: '/before', headers: { origin: origins[0] } })
const post = { method: 'POST', url: '/before', headers: { origin: 'https://evil.example' } }
process.stdout.write(
  JSON.stringify({
    before: await ask('/before'),
    after: await ask('/after'),
    also: await ask('/also'),
    foreign: await ask('/after', 'https://evil.example'),
    granted: read.headers['access-control-allow-origin'],
    refused: (await app.inject(post)).statusCode,
  }),
)
await app.close()
