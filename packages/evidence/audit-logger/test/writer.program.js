// Records events as fast as it can and prints the number of each that was acknowledged, until it is killed or refused.
// Prints status and code of each refusal, and the code of the error where it does not start.
import { writeSync } from 'node:fs'
import Fastify from 'fastify'
import { auditLogger } from '../dist/index.js'

const { TRAIL, KEY, SECRET } = process.env
const app = Fastify()
app.register(auditLogger, { directory: TRAIL, signingKey: KEY, subjectSecret: SECRET })
app.get('/', async (request) => request.audit.dataAccess('orders'))
await app.ready().catch((error) => {
  writeSync(1, `did not start: ${error.code}\n`)
  process.exit(1)
})

let refused = false
async function work() {
  while (!refused) {
    const answer = await app.inject('/')
    if (answer.statusCode === 200) writeSync(1, `${answer.json().seq}\n`)
    else {
      refused = true
      writeSync(1, `refused: ${answer.statusCode} ${answer.json().code}\n`)
    }
  }
}
await Promise.all(Array.from({ length: 32 }, work))
await app.close()
