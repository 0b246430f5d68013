/** Rules over whole packages: manifest, README, tests, project references. Pure: the callers read the files. */
import { isDeepStrictEqual } from 'node:util'

const sourceCondition = '@portcullis/source'
/** Third-party packages a published package may bring along. */
const mostDependencies = 3

/**
 * @typedef {object} PackageFacts
 * @property {string} folder such as `packages/graphql/depth-limit`
 * @property {import('../suite/workspaces.mjs').Manifest} manifest
 * @property {string | undefined} readme
 * @property {string[]} tests paths below `test`
 * @property {boolean} augments whether a source file declares members of Fastify's own types
 * @property {string[]} references folders its TypeScript projects refer to, relative to the root
 */

/**
 * What is wrong with a package's manifest and its other files.
 *
 * @param {PackageFacts} facts
 * @returns {string[]} one sentence for each finding
 */
export function checkPackage(facts) {
  const { folder, readme, tests, augments } = facts
  const findings = [...checkManifest(facts), ...checkReferences(facts)]
  if (readme === undefined) findings.push('has no README.md')
  else if (!/^#+\s.*threat model/im.test(readme)) findings.push('its README has no heading "Threat model"')
  if (!tests.some((test) => test.endsWith('.test.ts'))) findings.push('has no test')
  if (augments && !tests.some((test) => test.endsWith('.test-d.ts'))) {
    findings.push("adds to Fastify's types without a type test (test/**/*.test-d.ts)")
  }
  return findings.map((finding) => `${folder}: ${finding}`)
}

/** @param {PackageFacts} facts @returns {string[]} */
function checkManifest({ folder, manifest }) {
  const name = `@portcullis/${folder.split('/').at(-1)}`
  /** @type {[boolean, string][]} */
  const demands = [
    [manifest.name === name, `"name" is not "${name}"`],
    [/^\d+\.\d+\.\d+/.test(manifest.version ?? ''), '"version" is not a version'],
    [(manifest.description ?? '').length > 20, '"description" says too little'],
    [manifest.license === 'MIT', '"license" is not "MIT"'],
    [manifest.type === 'module', '"type" is not "module"'],
    [manifest.engines?.node === '>=20.19', '"engines.node" is not ">=20.19"'],
    [
      isDeepStrictEqual(
        manifest.files?.filter((file) => file !== 'data'),
        ['dist', '!dist/.tsbuildinfo'],
      ),
      '"files" is not ["dist", "!dist/.tsbuildinfo"], with "data" where there is some',
    ],
    [manifest.publishConfig?.access === 'public', '"publishConfig.access" is not "public"'],
    [manifest.scripts?.build !== undefined, 'has no script "build"'],
    [manifest.scripts?.['check:package'] !== undefined, 'has no script "check:package"'],
    [manifest.dependencies?.fastify === undefined, 'fastify belongs to the app: peerDependencies'],
    [manifest.dependencies?.graphql === undefined, 'graphql belongs to the app: peerDependencies'],
    [
      thirdParty(manifest).length <= mostDependencies,
      `brings more than ${mostDependencies} third-party packages`,
    ],
  ]
  return [...demands.filter(([holds]) => !holds).map(([, finding]) => finding), ...checkExports(manifest)]
}

/**
 * The workspace reads sources through a condition of its own; what is published must be the same without it.
 *
 * @param {import('../suite/workspaces.mjs').Manifest} manifest
 * @returns {string[]}
 */
function checkExports({ exports = {}, publishConfig }) {
  if (exports['.'] === undefined) return ['"exports" has no "."']
  const withoutSource = Object.entries(exports).flatMap(([path, conditions]) =>
    conditions[sourceCondition] === undefined ? [`"exports" of "${path}" has no "${sourceCondition}"`] : [],
  )
  const published = Object.fromEntries(
    Object.entries(exports).map(([path, { [sourceCondition]: _source, ...conditions }]) => [
      path,
      conditions,
    ]),
  )
  return isDeepStrictEqual(published, publishConfig?.exports)
    ? withoutSource
    : [...withoutSource, `"publishConfig.exports" is not "exports" without "${sourceCondition}"`]
}

/**
 * A project reference to a package that is not declared would be built twice at the same time.
 *
 * @param {PackageFacts} facts
 * @returns {string[]}
 */
function checkReferences({ folder, manifest, references }) {
  const { dependencies, peerDependencies, devDependencies } = manifest
  const declared = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies })
  return references
    .filter((reference) => reference !== folder)
    .map((reference) => `@portcullis/${reference.split('/').at(-1)}`)
    .filter((name) => !declared.includes(name))
    .map((name) => `refers to the TypeScript project of ${name} without declaring the dependency`)
}

/** @param {import('../suite/workspaces.mjs').Manifest} manifest */
function thirdParty({ dependencies = {} }) {
  return Object.keys(dependencies).filter((name) => !name.startsWith('@portcullis/'))
}
