import { describe, expect, it } from 'vitest'
import { checkArrows, importSpecifiers } from '../../scripts/checks/arrows.mjs'
import { houses } from '../../scripts/checks/files.mjs'

type House = Parameters<typeof checkArrows>[0][number]

const house = (path: string, dependencies: string[] = [], text = ''): House => {
  const [room = '', name = ''] = path.split('/')
  const entries = dependencies.map((dependency) => [`@portcullis/${dependency}`, 'workspace:^'])
  const manifest = {
    name: `@portcullis/${name}`,
    dependencies: Object.fromEntries(entries) as Record<string, string>,
  }
  return { room, name, manifest, sources: [{ path: 'src/core/index.ts', text }] }
}

const kernel = house('foundation/kernel')
const limiter = house('traffic/user-rate-limit', ['kernel'])

describe('the arrows between packages', () => {
  it('hold in this repository', () => {
    expect(checkArrows(houses())).toEqual([])
  })

  it.for([
    ['graphql/depth-limit', 'foundation/kernel'],
    ['foundation/graphql-gate', 'foundation/kernel'],
    ['evidence/audit-logger', 'evidence/transparency-log'],
    ['data/change-log', 'data/safe-db'],
    ['data/data-rights', 'data/safe-db'],
    ['suite/portcullis', 'traffic/user-rate-limit'],
    ['suite/portcullis', 'suite/doctor'],
  ])('allow %s -> %s', ([from = '', to = '']) => {
    expect(checkArrows([house(to), house(from, [to.split('/')[1] ?? ''])])).toEqual([])
  })

  it.for([
    ['foundation/kernel', 'foundation/graphql-gate'],
    ['foundation/graphql-gate', 'foundation/classification'],
    ['foundation/kernel', 'traffic/user-rate-limit'],
    ['graphql/query-cost', 'graphql/depth-limit'],
    ['graphql/query-cost', 'traffic/user-rate-limit'],
    ['evidence/transparency-log', 'evidence/audit-logger'],
    ['data/safe-db', 'evidence/audit-logger'],
    ['traffic/user-rate-limit', 'suite/portcullis'],
  ])('refuse %s -> %s', ([from = '', to = '']) => {
    const [, target = ''] = to.split('/')
    expect(checkArrows([house(to), house(from, [target])])).toEqual([
      expect.stringContaining(`depends on ${target}`),
    ])
  })

  it.each(['peerDependencies', 'optionalDependencies'] as const)('count %s as run time', (kind) => {
    const gate = house('graphql/query-cost')
    const declared = {
      ...gate,
      manifest: { ...gate.manifest, [kind]: { '@portcullis/user-rate-limit': '*' } },
    }
    expect(checkArrows([kernel, limiter, declared])).toHaveLength(1)
  })

  it('leave development dependencies alone', () => {
    const gate = house('graphql/query-cost')
    const manifest = { ...gate.manifest, devDependencies: { '@portcullis/user-rate-limit': 'workspace:^' } }
    expect(checkArrows([kernel, limiter, { ...gate, manifest }])).toEqual([])
  })

  it('refuse rooms and packages that are not of the house', () => {
    expect(checkArrows([house('tools/spade')])).toEqual(['packages/tools is not a room of the house'])
    expect(checkArrows([house('graphql/query-cost', ['no-such'])])).toEqual([
      'query-cost depends on @portcullis/no-such, which is not a package of this repository',
    ])
  })
})

describe('imports in sources', () => {
  it.for([
    "import { a } from '@portcullis/user-rate-limit'",
    "import type { A } from '@portcullis/user-rate-limit/core'",
    "import {\n  a,\n  b,\n} from '@portcullis/user-rate-limit'",
    "export * from '@portcullis/user-rate-limit'",
    "import '@portcullis/user-rate-limit'",
    "const a = await import('@portcullis/user-rate-limit')",
    "type A = import('@portcullis/user-rate-limit').A",
    "const a = require('@portcullis/user-rate-limit')",
  ])('are refused when they are not declared: %s', (text) => {
    expect(checkArrows([kernel, limiter, house('graphql/query-cost', ['kernel'], text)])).toEqual([
      'query-cost/src/core/index.ts imports @portcullis/user-rate-limit without declaring it in dependencies or peerDependencies',
    ])
  })

  it.for(['../../../kernel/src/index.ts', '../../test/fixture.ts', '../../package.json'])(
    'are refused when they leave the package: %s',
    (specifier) => {
      expect(checkArrows([house('graphql/query-cost', [], `import a from '${specifier}'`)])).toHaveLength(1)
    },
  )

  it('may reach the whole of their own src, and what is declared', () => {
    const text =
      "import a from '../plugin.ts'\nimport b from './b.ts'\nimport { c } from '@portcullis/kernel'"
    expect(checkArrows([kernel, house('graphql/query-cost', ['kernel'], text)])).toEqual([])
  })

  it('are not looked for in comments', () => {
    expect(importSpecifiers("// import a from 'b'\n/** import c from 'd' */\nimport e from 'f'")).toEqual([
      'f',
    ])
  })
})
