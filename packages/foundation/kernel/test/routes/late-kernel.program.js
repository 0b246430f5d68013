// Declares routes first and loads the kernel afterwards, as an app with a dynamic import would.
import Fastify from 'fastify'

const lines = []
const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => lines.push(line) } } })
app.get('/fine', { config: { sample: { max: 2 } } }, async () => 'ok')
app.get('/wrong', { config: { sample: { maxx: 2 } } }, async () => 'ok')
app.get('/misspelt', { config: { smaple: {} } }, async () => 'ok')

const { defineGate, defineOptions, integer } = await import('../../dist/index.js')
const options = defineOptions('sample', { max: { schema: integer(1), default: 1, doc: 'Most of it.' } })
app.register(defineGate({ name: 'sample', package: 'sample', options, register: () => undefined }))
await app.ready()

const ask = async (url) => {
  const answer = await app.inject(url)
  return answer.statusCode === 500 ? [500, answer.json().code] : answer.statusCode
}
process.stdout.write(
  JSON.stringify({
    warned: lines.some((line) => line.includes('PORTCULLIS_KERNEL_LOADED_LATE')),
    fine: await ask('/fine'),
    wrong: await ask('/wrong'),
    wrongAgain: await ask('/wrong'),
    misspelt: await ask('/misspelt'),
    missing: await ask('/missing'),
  }),
)
await app.close()
