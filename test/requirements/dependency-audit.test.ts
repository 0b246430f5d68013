import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const pnpm = 'node_modules/pnpm/bin/pnpm.mjs'
const advisory = {
  severity: 'high',
  module_name: 'left-handed',
  vulnerable_versions: '<1.2.3',
  title: 'Turns right',
  url: 'https://advisories.example/1',
}
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-audit-'))
  for (const file of ['scripts/audit.mjs', 'scripts/suite/command.mjs', 'package.json']) {
    await cp(join(root, file), join(folder, file))
  }
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Runs the report where the registry answers in this way. */
async function report(program: string): Promise<{ code: number; stdout: string }> {
  await mkdir(dirname(join(folder, pnpm)), { recursive: true })
  await writeFile(join(folder, pnpm), program)
  const child = promisify(execFile)(process.execPath, ['scripts/audit.mjs'], { cwd: folder })
  return child.then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  )
}

const answering = (answer: unknown, code = 0): string =>
  `process.stdout.write(${JSON.stringify(JSON.stringify(answer))}); process.exitCode = ${code}`

describe('M18: dependencies with known advisories are reported, and the report decides nothing', () => {
  it('lists each advisory, although the registry’s client fails because of it', async () => {
    expect(await report(answering({ advisories: { 1: advisory } }, 1))).toEqual({
      code: 0,
      stdout: [
        'audit: 1 known advisories',
        'high  left-handed <1.2.3  Turns right  https://advisories.example/1',
        '',
      ].join('\n'),
    })
  })

  it('says that there are none', async () => {
    expect(await report(answering({ advisories: {} }))).toEqual({
      code: 0,
      stdout: 'audit: 0 known advisories\n',
    })
  })

  it.each([
    ['an error of the registry', answering({ error: { code: 'ERR_PNPM_AUDIT_BAD_RESPONSE' } }, 1)],
    ['no JSON', "console.log('getaddrinfo ENOTFOUND'); process.exitCode = 1"],
    ['nothing', ''],
    ['null', answering(null)],
    ['an end by force', "process.kill(process.pid, 'SIGKILL')"],
  ])('says that it is unavailable after %s', async (_what, program) => {
    expect(await report(program)).toEqual({ code: 0, stdout: 'audit: unavailable\n' })
  })

  it('is told apart from what the client says beside its answer', async () => {
    const noisy = `process.stderr.write('(node) ExperimentalWarning: something\\n'); ${answering({ advisories: {} })}`
    expect(await report(noisy)).toEqual({ code: 0, stdout: 'audit: 0 known advisories\n' })
  })

  it('has a command of its own and no part in the tests', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(scripts['audit:report']).toBe('node scripts/audit.mjs')
    const testing = Object.entries(scripts).filter(([name]) => name.startsWith('test'))
    expect(testing.filter(([, command]) => command.includes('audit'))).toEqual([])
  })
})
