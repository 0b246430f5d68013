import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/suite/command.mjs'

/** What a package of the lockfile needs at run time: names with versions, or folders of the workspace. */
type Needs = Map<string, string[]>

/** Reads the two parts of pnpm's lockfile that say who needs what; their lines are indented by twos. */
function readLockfile(text: string): Needs {
  const needs: Needs = new Map()
  let [part, owner, kind, name] = ['', '', '', '']
  for (const line of text.split('\n')) {
    const [, blanks = '', raw = '', value = ''] =
      /^( *)'?([^':]+(?::[^' ][^':]*)*)'?:(?: (.*))?$/.exec(line) ?? []
    if (blanks.length === 0 && raw !== '') part = raw
    if (part !== 'importers' && part !== 'snapshots') continue
    if (blanks.length === 2) needs.set((owner = raw), [])
    if (blanks.length === 4) kind = raw
    if (kind !== 'dependencies' && kind !== 'optionalDependencies') continue
    if (blanks.length === 6) name = raw
    const version = blanks.length === 8 && raw === 'version' ? value : blanks.length === 6 ? value : ''
    if (version === '') continue
    const folder = version.startsWith('link:') && posix.join(owner, version.slice('link:'.length))
    needs.get(owner)?.push(folder || `${name}@${version}`)
  }
  return needs
}

function closureOf(folder: string, needs: Needs): string[] {
  const found = new Set([folder])
  for (const one of found) for (const needed of needs.get(one) ?? []) found.add(needed)
  return [...found]
}

const needs = readLockfile(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'))
const graphql = (names: readonly string[]): string[] => names.filter((name) => /graphql|mercurius/.test(name))

describe('what examples install', () => {
  it('is no graphql in a REST server, whose gates are known to need none', () => {
    const all = closureOf('examples/rest-only', needs)
    expect(all).toContain('packages/data/pii-masking')
    expect(all.some((name) => name.startsWith('fastify@5'))).toBe(true)
    expect(all.some((name) => name.startsWith('find-my-way@'))).toBe(true)
    expect(graphql(all)).toEqual([])
  })

  it('is found where it is there', () => {
    for (const name of ['yoga', 'shop'])
      expect(graphql(closureOf(`examples/${name}`, needs)).some((one) => one.startsWith('graphql@'))).toBe(
        true,
      )
  })
})
