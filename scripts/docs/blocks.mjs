/** Code blocks of Markdown files. Pure. */

/**
 * @typedef {object} Block
 * @property {string} file the Markdown file, relative to the root
 * @property {number} line where its code begins
 * @property {string} language the first word after the fence
 * @property {string[]} tags the other words
 * @property {string} code
 */

/**
 * The fenced code blocks of a Markdown text (CommonMark, fences of backticks).
 *
 * @param {string} file
 * @param {string} markdown
 * @returns {Block[]}
 */
export function codeBlocks(file, markdown) {
  /** @type {Block[]} */
  const blocks = []
  /** @type {{ fence: string, block: Block } | undefined} */
  let open
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^ {0,3}(`{3,})([^`]*)$/.exec(line)
    if (open === undefined) {
      if (fence === null) continue
      const [language = '', ...tags] = (fence[2] ?? '').trim().split(/\s+/)
      open = { fence: fence[1] ?? '', block: { file, line: index + 2, language, tags, code: '' } }
    } else if (fence !== null && fence[2]?.trim() === '' && (fence[1] ?? '').length >= open.fence.length) {
      blocks.push(open.block)
      open = undefined
    } else {
      open.block.code += `${line}\n`
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.block.line}: a code block is not closed`)
  return blocks
}

/** Languages that are for reading only. */
const readOnly = new Set(['sh', 'json', 'graphql', 'text', 'diff', 'sql', 'http', 'yaml', 'mermaid'])

/**
 * What is done with a block: JavaScript is executed, TypeScript is type-checked.
 *
 * @param {Block} block
 * @returns {'run' | 'listen' | 'check' | 'read' | 'unknown'}
 */
export function useOf({ language, tags }) {
  if (language === 'ts') return 'check'
  if (language !== 'js') return readOnly.has(language) ? 'read' : 'unknown'
  if (tags.includes('listen')) return 'listen'
  return tags.includes('run') ? 'run' : 'unknown'
}
