import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root, run } from '../suite/command.mjs'
import { filesBelow, packages, workspaces } from '../suite/workspaces.mjs'
import { codeBlocks, useOf } from './blocks.mjs'

/** Blocks are written where Node and TypeScript find the workspace's packages; git ignores the folder. */
const workshop = join(root, 'test/.cache/docs', String(process.pid))
/** A block that takes longer than this hangs. */
const blockTimeoutMs = 20_000

/** @typedef {import('./blocks.mjs').Block} Block */

/**
 * Every Markdown file with code that users read: the READMEs and the guides.
 *
 * @returns {string[]} paths relative to the root
 */
export function documents() {
  const folders = ['.', ...workspaces().map(({ folder }) => folder)]
  const readmes = folders.map((folder) => join(folder, 'README.md'))
  const guides = filesBelow('docs').filter((path) => path.endsWith('.md'))
  return [...readmes, ...guides.map((path) => join('docs', path))].filter((path) =>
    existsSync(join(root, path)),
  )
}

/**
 * The code blocks of all documents.
 *
 * @returns {Block[]}
 */
export function documentedBlocks() {
  return documents().flatMap((file) => codeBlocks(file, readFileSync(join(root, file), 'utf8')))
}

/**
 * Executes a JavaScript block against the built packages, as a user would: `NODE_ENV` is not set, so it runs as in
 * production unless the block declares otherwise.
 *
 * @param {Block} block
 * @returns {Promise<string | undefined>} what went wrong; undefined when nothing did
 */
export async function execute(block) {
  const file = write(block, 'mjs')
  const script = join(root, 'scripts/docs/run-block.mjs')
  const env = { NODE_ENV: undefined, NODE_OPTIONS: undefined }
  const { code, output } = await run(process.execPath, [script, file, useOf(block)], {
    env,
    timeoutMs: blockTimeoutMs,
  })
  return code === 0 ? undefined : `${block.file}:${block.line}: exit code ${code}\n${output}`
}

/**
 * Type-checks TypeScript blocks, each as a module of its own, with the types that users get.
 *
 * @param {Block[]} blocks
 * @returns {Promise<string | undefined>} the compiler's complaints, with the documents' names and lines
 */
export async function typeCheck(blocks) {
  const files = blocks.map((block) => ({ block, file: write(block, 'ts') }))
  const config = join(workshop, 'tsconfig.json')
  const extended = relative(workshop, join(root, 'tsconfig.base.json'))
  const compilerOptions = {
    composite: false,
    noEmit: true,
    customConditions: [],
    noUnusedLocals: false,
    rewriteRelativeImportExtensions: false,
  }
  writeFileSync(
    config,
    JSON.stringify({ extends: extended, compilerOptions, files: files.map(({ file }) => file) }),
  )
  const { code, output } = await run('tsc', ['-p', config, '--pretty', 'false'])
  if (code === 0) return undefined
  return files.reduce((text, { block, file }) => inDocument(text, relative(root, file), block), output)
}

/** Removes what was written. */
export function clearWorkshop() {
  rmSync(workshop, { recursive: true, force: true })
}

/**
 * The packages that have not been built, without which no block can run.
 *
 * @returns {string[]}
 */
export function unbuilt() {
  return packages()
    .filter(({ folder, manifest }) => !existsSync(join(root, folder, manifest.exports?.['.']?.default ?? '')))
    .map(({ manifest }) => manifest.name)
}

/** @param {Block} block @param {'mjs' | 'ts'} extension */
function write({ file, line, code }, extension) {
  const path = join(workshop, `${file.replaceAll(/[/.\\]/g, '-')}-${line}.${extension}`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, extension === 'ts' ? `${code}export {}\n` : code)
  return path
}

/** Turns `<written file>(2,5)` into `<document>:<line>`. @param {string} text @param {string} path @param {Block} block */
function inDocument(text, path, { file, line }) {
  const place = new RegExp(`${path.replaceAll('.', String.raw`\.`)}\\((\\d+),\\d+\\)`, 'g')
  return text.replaceAll(place, (_match, row) => `${file}:${line + Number(row) - 1}`)
}
