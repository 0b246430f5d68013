import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { options as policyOptions } from '@portcullis/user-rate-limit'
import { describe, expect, it } from 'vitest'
import { documents } from '../../scripts/docs/examine.mjs'
import { root } from '../../scripts/suite/command.mjs'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The text of a document without its code blocks and spans. */
const prose = (markdown: string): string =>
  markdown.replaceAll(/^ {0,3}(`{3,})[\s\S]*?^ {0,3}\1`*$/gm, '').replaceAll(/`[^`\n]*`/g, 'code')

/** The anchors of the headings, as forges make them. */
const anchors = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

function broken(file: string): string[] {
  const links = [...prose(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return links.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path = '', anchor] = target.split('#')
    const found = path === '' ? file : join(dirname(file), path)
    if (!existsSync(join(root, found))) return true
    if (anchor === undefined) return false
    const page = statSync(join(root, found)).isDirectory() ? join(found, 'README.md') : found
    return !existsSync(join(root, page)) || !anchors(read(page)).includes(anchor)
  })
}

describe('the documents', () => {
  it.for([...documents(), 'CONTRIBUTING.md', 'SECURITY.md'])('%s links only to what is there', (file) => {
    expect(broken(file)).toEqual([])
  })

  it('of user-rate-limit has every member of a policy in its table', () => {
    const message = (() => {
      try {
        policyOptions.parse({ policies: { any: { unknown: 1 } } })
        return ''
      } catch (error) {
        return String(error)
      }
    })()
    const members = /It takes: ([^.]+)\./.exec(message)?.[1]?.split(', ') ?? []
    const [, table = ''] = read('packages/traffic/user-rate-limit/README.md').split('| member | takes |')
    const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(members.length).toBeGreaterThan(5)
    expect(new Set(rows)).toEqual(new Set(members))
  })
})
