// A server whose disk stops to answer: every thread that could do its file operations waits in a call that does not end.
// Prints what became of its requests, as JSON.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, open, openSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import { auditLogger, verify } from '../dist/index.js'

const { TRAIL, KEY, SECRET, PUBLIC_KEY, FIFO } = process.env
const app = Fastify()
app.register(auditLogger, { directory: TRAIL, signingKey: KEY, subjectSecret: SECRET, sinkTimeout: 200 })
app.get('/batch', () => 'ok')
app.get('/event', async (request) => request.audit.dataAccess('orders'))
app.get('/published', async (request) => {
  const details = { resource: 'orders' }
  const event = { type: 'data.accessed', severity: 'INFO', outcome: 'succeeded', details }
  await app.securityEvents.publish(event, request)
  return 'published'
})
app.get('/blocking', { config: { audit: { delivery: 'blocking' } } }, () => 'ok')
app.get('/drop', { config: { audit: { onSinkFailure: 'drop' } } }, () => 'ok')
await app.ready()
await app.audit.flush()

execFileSync('mkfifo', [join(FIFO, 'fifo')])
function block() {
  for (let thread = 0; thread < 4; thread++) {
    open(join(FIFO, 'fifo'), 'r', (_error, descriptor) => descriptor !== undefined && closeSync(descriptor))
  }
}
const release = () => closeSync(openSync(join(FIFO, 'fifo'), constants.O_RDWR | constants.O_NONBLOCK))

/** The status of an answer; `0` when there is none in time. */
async function statusOf(url) {
  let timer
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ statusCode: 0 }), 3000)
  })
  const { statusCode } = await Promise.race([app.inject(url), late])
  clearTimeout(timer)
  return statusCode
}

const urls = ['/batch', '/event', '/published', '/blocking', '/drop']
const result = {}
block()
// All begin while nobody knows yet that the disk is stuck; then all begin again when it is known.
result.during = await Promise.all(urls.map(statusOf))
result.stuck = await Promise.all(urls.map(statusOf))
release()
for (let tries = 0; !app.audit.ready && tries < 500; tries++)
  await new Promise((next) => setTimeout(next, 10))
result.after = await Promise.all(urls.map(statusOf))
await app.audit.flush()
result.ok = (await verify(TRAIL, { publicKey: PUBLIC_KEY })).ok
block()
const pending = app.inject('/event')
const begun = performance.now()
const closed = app.close().then(() => 'closed')
result.closed = await Promise.race([closed, new Promise((late) => setTimeout(late, 5000, 'hangs'))])
result.closedWithin = Math.round(performance.now() - begun)
release()
result.pending = (await pending).statusCode
console.log(JSON.stringify(result))
