/**
 * Who may import whom (DESIGN, "The house"), as data, and the check over manifests and import lines. Everything here
 * is pure: the callers read the files.
 */

/** The rooms of `packages/`, and the rooms each may import besides its own single arrows below. */
export const roomsAllowed = {
  foundation: [],
  graphql: ['foundation'],
  traffic: ['foundation'],
  identity: ['foundation'],
  data: ['foundation'],
  evidence: ['foundation'],
  suite: ['foundation', 'graphql', 'traffic', 'identity', 'data', 'evidence', 'suite'],
}

/** @type {Record<string, string[]>} arrows between single packages */
const packagesAllowed = {
  'graphql-gate': ['kernel'],
  classification: ['kernel'],
  secrets: ['kernel'],
  'audit-logger': ['transparency-log'],
  'change-log': ['safe-db'],
  'data-rights': ['safe-db'],
}

const scope = '@portcullis/'

/**
 * @typedef {object} Source one file of a package
 * @property {string} path relative to the package, such as `src/core/cost.ts`
 * @property {string} text
 */

/**
 * @typedef {object} House a package with what it declares and what it imports
 * @property {string} room
 * @property {string} name the folder's name
 * @property {import('../suite/workspaces.mjs').Manifest} manifest
 * @property {Source[]} sources the files below `src`
 */

/**
 * Every violation of the table: an arrow that a manifest declares or a source draws, an import of a sibling that is
 * not declared at run time, a relative import that leaves the package.
 *
 * @param {House[]} houses all packages
 * @returns {string[]} one sentence for each violation, empty when the table holds
 */
export function checkArrows(houses) {
  const roomOf = new Map(houses.map(({ name, room }) => [name, room]))
  return houses.flatMap((house) => [
    ...checkManifest(house, roomOf),
    ...house.sources.flatMap((file) => checkSource(house, file)),
  ])
}

/**
 * Whether a package of one room may import a package of another.
 *
 * @param {{ room: string, name: string }} from
 * @param {{ room: string, name: string }} to
 */
function mayImport(from, to) {
  const rooms = Object.entries(roomsAllowed).find(([room]) => room === from.room)?.[1] ?? []
  return rooms.includes(to.room) || (packagesAllowed[from.name] ?? []).includes(to.name)
}

/** @param {House} house @param {Map<string, string>} roomOf */
function checkManifest({ room, name, manifest }, roomOf) {
  if (!Object.hasOwn(roomsAllowed, room)) return [`packages/${room} is not a room of the house`]
  return runtimeDependencies(manifest)
    .filter((dependency) => dependency.startsWith(scope))
    .map((dependency) => dependency.slice(scope.length))
    .flatMap((target) => {
      const targetRoom = roomOf.get(target)
      if (targetRoom === undefined)
        return [`${name} depends on ${scope}${target}, which is not a package of this repository`]
      return mayImport({ room, name }, { room: targetRoom, name: target })
        ? []
        : [`${name} (${room}) depends on ${target} (${targetRoom}): no arrow allows it`]
    })
}

/** @param {House} house @param {Source} file */
function checkSource({ name, manifest }, { path, text }) {
  const declared = new Set([manifest.name, ...runtimeDependencies(manifest)])
  return importSpecifiers(text).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const resolved = new URL(specifier, `file:///package/${path}`).pathname
      return resolved.startsWith('/package/src/')
        ? []
        : [`${name}/${path} imports ${specifier}, outside its own src`]
    }
    const target = specifier.split('/').slice(0, 2).join('/')
    return target.startsWith(scope) && !declared.has(target)
      ? [`${name}/${path} imports ${target} without declaring it in dependencies or peerDependencies`]
      : []
  })
}

/**
 * The module specifiers of a source text: static and dynamic imports, re-exports, and `import('x')` types.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function importSpecifiers(text) {
  const withoutComments = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const found = withoutComments.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g)
  return [...found].map(([, , specifier]) => specifier ?? '')
}

/** Development dependencies are free: tests may register any gate. @param {import('../suite/workspaces.mjs').Manifest} manifest */
function runtimeDependencies({ dependencies, peerDependencies, optionalDependencies }) {
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
}
