import { describe, expect, it } from 'vitest'
import { checkPackage } from '../../scripts/checks/packages.mjs'
import { checkText, longestFile } from '../../scripts/checks/text.mjs'

type Facts = Parameters<typeof checkPackage>[0]

const source = { '@portcullis/source': './src/index.ts' }
const built = { types: './dist/index.d.ts', default: './dist/index.js' }
const sound: Facts = {
  folder: 'packages/graphql/depth-limit',
  manifest: {
    name: '@portcullis/depth-limit',
    version: '0.1.0',
    description: 'Depth, alias and token limits for GraphQL',
    license: 'MIT',
    type: 'module',
    engines: { node: '>=20.19' },
    files: ['dist', '!dist/.tsbuildinfo'],
    exports: { '.': { ...source, ...built } },
    publishConfig: { access: 'public', exports: { '.': built } },
    scripts: { build: 'tsc -b', 'check:package': 'publint' },
    dependencies: { '@portcullis/kernel': 'workspace:^', 'lru-cache': 'catalog:' },
  },
  readme: '# depth-limit\n\n## Threat model\n',
  tests: ['plugin.test.ts', 'types.test-d.ts'],
  augments: true,
  references: ['packages/graphql/depth-limit', 'packages/foundation/kernel'],
}
const withManifest = (change: Partial<Facts['manifest']>): Facts => ({
  ...sound,
  manifest: { ...sound.manifest, ...change },
})
const withDependencies = (more: Record<string, string>): Facts =>
  withManifest({ dependencies: { ...sound.manifest.dependencies, ...more } })

describe('a package', () => {
  it('that is sound has no findings', () => {
    expect(checkPackage(sound)).toEqual([])
  })

  const unsound: [string, Facts, RegExp][] = [
    ['another name', withManifest({ name: '@portcullis/depth' }), /"name"/],
    ['no license', withManifest({ license: 'ISC' }), /"license"/],
    ['an older Node', withManifest({ engines: { node: '>=18' } }), /engines/],
    ['its sources in the tarball', withManifest({ files: ['dist', 'src'] }), /"files"/],
    ['graphql of its own', withDependencies({ graphql: '^16' }), /graphql belongs to the app/],
    ['too many packages', withDependencies({ a: '1', b: '1', c: '1' }), /third-party/],
    ['no package check', withManifest({ scripts: { build: 'tsc -b' } }), /check:package/],
    [
      'sources among the published exports',
      withManifest({ publishConfig: { access: 'public', exports: { '.': { ...source, ...built } } } }),
      /publishConfig.exports/,
    ],
    ['an entry that resolves to dist', withManifest({ exports: { '.': built } }), /@portcullis\/source/],
    ['no README', { ...sound, readme: undefined }, /README/],
    ['a README without a threat model', { ...sound, readme: 'The threat model is secret.' }, /Threat model/],
    ['no tests', { ...sound, tests: [], augments: false }, /no test/],
    ['untested types', { ...sound, tests: ['plugin.test.ts'] }, /test-d/],
    [
      'an undeclared reference',
      { ...sound, references: ['packages/graphql/query-cost'] },
      /query-cost without declaring/,
    ],
  ]
  it.for(unsound)('with %s is found', ([, facts, finding]) => {
    expect(checkPackage(facts)).toEqual([expect.stringMatching(finding)])
  })
})

describe('the text of files', () => {
  const findings = (path: string, text: string) => checkText([{ path, text }])

  // The tilde keeps these lines from being found in this file.
  it.for([
    ['src/a.ts', '// TO~DO: later', 'a leftover'],
    ['test/a.test.ts', 'it~.only("a", () => {})', 'a test that is not run'],
    ['test/a.test.ts', 'describe~.skip("a", () => {})', 'a test that is not run'],
    ['src/a.ts', '// @ts~-ignore', 'a check that is switched off'],
    ['src/a.ts', '/* oxlint~-disable */', 'a check that is switched off'],
    ['README.md', 'see `/ho~me/ada/notes`', 'a path of one machine'],
    ['packages/graphql/a/src/core/cost.ts', "import type { FastifyRequest } from 'fastify'", 'core is pure'],
    ['packages/graphql/a/src/core/deep/cost.ts', "import fp from 'fastify-plugin'", 'core is pure'],
  ])('in %s: %s is found', ([path = '', text = '', finding = '']) => {
    expect(findings(path, `\n${text.replace('~', '')}\n`)).toEqual([
      expect.stringContaining(`${path}:2: ${finding}`),
    ])
  })

  it('may use Fastify outside the core, and words that only look alike', () => {
    expect(findings('src/plugin.ts', "import type { FastifyRequest } from 'fastify'\n")).toEqual([])
    expect(
      findings('src/a.ts', '// a hackathon, todos, submit.only\nconst url = "/users/home/work/1"\n'),
    ).toEqual([])
  })

  it('is at most 400 lines in a source file', () => {
    expect(findings('packages/a/b/src/c.ts', 'x\n'.repeat(longestFile))).toEqual([])
    expect(findings('packages/a/b/src/c.ts', 'x\n'.repeat(longestFile + 1))).toHaveLength(1)
    expect(findings('packages/a/b/test/c.ts', 'x\n'.repeat(longestFile + 1))).toEqual([])
  })
})
