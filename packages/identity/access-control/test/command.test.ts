import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runAccess } from '../src/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'access-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

async function run(...args: string[]): Promise<[number, string]> {
  const lines: string[] = []
  const code = await runAccess(args, (text) => void lines.push(text))
  return [code, lines.join('\n')]
}

const before = write('before.json', { roles: { user: ['orders:read:self'] }, scopes: ['self'] })
const after = write('after.json', { roles: { user: ['orders:read'], boss: { inherits: ['user'] } } })

describe('portcullis-access', () => {
  it('prints a matrix, as a table or as data', async () => {
    expect(await run('print', before)).toEqual([0, '             user\norders:read  self'])
    const [code, text] = await run('print', after, '--json')
    expect([code, JSON.parse(text)]).toEqual([
      0,
      {
        scopes: [],
        roles: {
          user: { 'orders:read': { any: true, when: [], unless: [] } },
          boss: { 'orders:read': { any: true, when: [], unless: [] } },
        },
      },
    ])
  })

  it('tells what changed, by its exit code too', async () => {
    expect(await run('diff', before, after)).toEqual([
      1,
      '+ user  orders:read  self → any\n+ boss  orders:read  - → any',
    ])
    expect(await run('diff', before, before)).toEqual([0, 'nothing changed'])
  })

  it.each([
    ['no file', ['print', 'nowhere.json']],
    ['no JSON', ['print', write('broken.json', '{')]],
    ['no policy', ['print', write('array.json', [])]],
    ['no policy', ['print', write('role.json', { roles: { user: { alow: ['a:b'] } } })]],
    ['an unknown scope', ['print', write('scope.json', { roles: { user: ['a:b:self'] } })]],
    ['an unknown flag', ['print', before, '--jsn']],
    ['too much', ['diff', before, before, before]],
    ['nothing', []],
  ])('ends with 2 and its usage for %s', async (_what, args) => {
    const [code, text] = await run(...args)
    expect(code).toBe(2)
    expect(text).toContain('portcullis-access print <policy.json>')
  })
})
