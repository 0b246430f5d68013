// Records events as fast as it can and prints the number of each that was acknowledged, until it is killed or refused.
import { writeSync } from 'node:fs'
import Fastify from 'fastify'
import { auditLogger } from '../dist/index.js'

const { TRAIL, KEY, SECRET } = process.env
const app = Fastify()
app.register(auditLogger, { directory: TRAIL, signingKey: KEY, subjectSecret: SECRET })
app.get('/', async (request) => request.audit.dataAccess('orders'))
await app.ready()

let refused = false
async function work() {
  while (!refused) {
    const answer = await app.inject('/')
    if (answer.statusCode === 200) writeSync(1, `${answer.json().seq}\n`)
    else refused = true
  }
}
await Promise.all(Array.from({ length: 32 }, work))
writeSync(1, 'refused\n')
await app.close()
