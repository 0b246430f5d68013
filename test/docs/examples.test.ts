import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { root } from '../../scripts/suite/command.mjs'

const servers: ChildProcess[] = []
const folders: string[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (server.exitCode !== null) continue
    server.kill()
    await once(server, 'exit')
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** `node server.js`, as the README says, on a free port. It runs the built packages. */
async function start(folder: string, more: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, PORT: '0', NODE_ENV: undefined, ...more }
  const server = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  servers.push(server)
  let output = ''
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const address = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.once('exit', (code) => reject(new Error(`server.js ended with ${code}; is it built?\n${output}`)))
  })
}

/** A folder for what an example records, removed afterwards. */
function trailFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-trail-'))
  folders.push(folder)
  return folder
}

interface Command {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
  readonly answer: string
}

/** The curl commands of a README, each with the answer below it. */
function commandsOf(folder: string): readonly Command[] {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  return [...readme.matchAll(/curl localhost:3000(\S+)(.*)\n```\n\n```json\n(.+)\n/g)].map((match) => {
    const [, path = '', options = '', answer = ''] = match
    const headers = [...options.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [name, value])
    const body = /-d '([^']+)'/.exec(options)?.[1]
    return { path, headers: Object.fromEntries(headers) as Record<string, string>, body, answer }
  })
}

async function curl(origin: string, { path, headers, body }: Command): Promise<Response> {
  return fetch(origin + path, body === undefined ? { headers } : { method: 'POST', headers, body })
}

describe('the example', () => {
  it.each([
    ['yoga', [400, 400, 200]],
    ['apollo', [400, 400, 200]],
    ['rest-only', [200, 200]],
  ])('%s answers as its README says', async (name, statuses) => {
    const folder = join(root, 'examples', name)
    const commands = commandsOf(folder)
    const origin = await start(folder, { AUDIT_DIRECTORY: trailFolder() })
    const answers: unknown[] = []
    for (const command of commands) {
      const response = await curl(origin, command)
      answers.push([response.status, await response.json()])
    }
    expect(answers).toEqual(commands.map(({ answer }, index) => [statuses[index], JSON.parse(answer)]))
    expect(answers).toHaveLength(statuses.length)
  })

  it.each(['yoga', 'apollo', 'rest-only'])(
    '%s echoes nothing of a URL that nothing answers',
    async (name) => {
      const origin = await start(join(root, 'examples', name), { AUDIT_DIRECTORY: trailFolder() })
      for (const [path, status] of [
        ['/hostile%1b%5B31m', 404],
        ['/%c0hostile', 400],
      ] as const) {
        const response = await fetch(origin + path)
        expect(response.status).toBe(status)
        expect(response.headers.get('x-request-id')).not.toBeNull()
        expect(await response.text()).not.toMatch(/hostile|%1b|%c0/i)
      }
    },
  )

  it('rest-only refuses the fourth request, and records all of them', async () => {
    const trail = trailFolder()
    const origin = await start(join(root, 'examples/rest-only'), { AUDIT_DIRECTORY: trail })
    const statuses: number[] = []
    for (let time = 0; time < 4; time++) statuses.push((await fetch(`${origin}/users/7`)).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    const recorded = (): string => readFileSync(join(trail, 'audit.jsonl'), 'utf8')
    // A request is complete when its answer was sent, so its last line may come after that.
    await vi.waitFor(() => {
      expect(recorded().match(/"status":(200|429)/g)).toHaveLength(4)
      expect(recorded()).toContain('rate_limit.exceeded')
    })
    expect(recorded()).not.toContain('ada.lovelace')
  })

  it.each([
    ['yoga', 'yogaGate(app)', /no gate guards its operations/],
    ['apollo', 'apolloGate(app), ', /no gate guards its operations/],
  ])('%s does not start without its plugin', async (name, plugin, complaint) => {
    const folder = join(root, 'examples', name)
    const source = readFileSync(join(folder, 'server.js'), 'utf8')
    expect(source).toContain(plugin)
    const code = source.replace(plugin, '')
    const env = { ...process.env, PORT: '0', NODE_ENV: undefined }
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    servers.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [exitCode] = (await once(child, 'close')) as [number | null]
    expect(exitCode).toBe(1)
    expect(output).toMatch(complaint)
  })
})
