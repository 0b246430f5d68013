/**
 * Rules over the text of single files. (`any` and unsafe types are the linter's.) The patterns are written so that
 * they do not find themselves.
 */

/** The longest a source file may be; most are far below. */
export const longestFile = 400

const code = /\.(?:ts|mts|js|mjs)$/
const source = /(?:^|\/)src\/.*\.ts$/

/**
 * @typedef {object} Rule
 * @property {RegExp} files the paths it reads
 * @property {RegExp} pattern what must not be there
 * @property {string} says why
 */

/** @type {Rule[]} */
const rules = [
  {
    files: code,
    pattern: /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/,
    says: 'a leftover: finish it or file an issue',
  },
  {
    files: code,
    pattern: /\b(?:it|test|describe)\.(?:on[l]y|ski[p]|tod[o])\b/,
    says: 'a test that is not run, or hides others',
  },
  {
    files: code,
    pattern: /@ts-(?:ign[o]re|noch[e]ck)|(?:ox|es)lint-disabl[e]/,
    says: 'a check that is switched off',
  },
  { files: /./, pattern: /(?:^|[\s'"`(=:])\/(?:home|root|Users|work)\//, says: 'a path of one machine' },
  {
    files: /(?:^|\/)src\/core\/.*\.ts$/,
    pattern: /(?:from|import)\s*\(?\s*['"](?:fastify|fastify-plugin|@fastify\/[^'"]+)['"]/,
    says: 'core is pure: it does not import Fastify',
  },
]

/**
 * What breaks the house's rules in these files.
 *
 * @param {{ path: string, text: string }[]} files
 * @returns {string[]} one `path:line: why` for each finding
 */
export function checkText(files) {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n')
    const length = text.endsWith('\n') ? lines.length - 1 : lines.length
    const tooLong =
      source.test(path) && length > longestFile ? [`${path}: ${length} lines, at most ${longestFile}`] : []
    const broken = rules
      .filter((rule) => rule.files.test(path))
      .flatMap((rule) =>
        lines.flatMap((line, index) =>
          rule.pattern.test(line) ? [`${path}:${index + 1}: ${rule.says}`] : [],
        ),
      )
    return [...tooLong, ...broken]
  })
}
