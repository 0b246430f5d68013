import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '..')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')

let server: ChildProcess
let origin: string

/** `node server.js`, as the README says, on a free port. It runs the built packages. */
beforeAll(async () => {
  const env = { ...process.env, PORT: '0', NODE_ENV: undefined }
  server = spawn(process.execPath, ['server.js'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  origin = await new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const address = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    }
    server.stdout?.on('data', read)
    server.stderr?.on('data', read)
    server.once('exit', (code) => reject(new Error(`server.js ended with ${code}; is it built?\n${output}`)))
  })
})

afterAll(async () => {
  if (server.exitCode !== null) return
  server.kill()
  await once(server, 'exit')
})

/** Sends the body of a curl command of the README. */
async function curl(number: number): Promise<{ status: number; body: unknown }> {
  const [, body] = [...readme.matchAll(/-d '([^']+)'/g)][number] ?? []
  if (body === undefined) throw new Error(`The README has no curl command ${number + 1}`)
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${origin}/graphql`, { method: 'POST', headers, body })
  return { status: response.status, body: await response.json() }
}

describe('the quickstart', () => {
  it('has fewer than 25 lines', () => {
    expect(readFileSync(join(folder, 'server.js'), 'utf8').trimEnd().split('\n').length).toBeLessThan(25)
  })

  it('refuses the deep query of the README', async () => {
    const { status, body } = await curl(0)
    expect(status).toBe(400)
    expect(readme).toContain(JSON.stringify(body))
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'MAX_DEPTH_EXCEEDED' } }] })
  })

  it('answers the other one', async () => {
    const { status, body } = await curl(1)
    expect(status).toBe(200)
    expect(readme).toContain(JSON.stringify(body))
  })
})
