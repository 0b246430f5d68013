import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runQueryCost } from '../../src/command.ts'
import type { LintReport } from '../../src/command/lint.ts'
import type { Report } from '../../src/command/report.ts'

/** A folder with files, and the command run on them. */
export interface Sandbox {
  readonly path: (name: string) => string
  /** Writes files; objects become JSON. */
  readonly write: (files: Readonly<Record<string, unknown>>) => void
  /** Runs the command; `@name` in an argument is the path of that file. */
  readonly run: (...args: readonly string[]) => Promise<{ code: number; output: string }>
  /** Runs check with `--format json`. */
  readonly check: (...args: readonly string[]) => Promise<{ code: number; report: Report }>
  /** Runs lint with `--format json`. */
  readonly lint: (...args: readonly string[]) => Promise<{ code: number; report: LintReport }>
  readonly remove: () => void
}

export function createSandbox(files: Readonly<Record<string, unknown>> = {}): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-query-cost-'))
  const path = (name: string): string => join(folder, name)
  const write: Sandbox['write'] = (more) => {
    for (const [name, content] of Object.entries(more)) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content))
    }
  }
  const run: Sandbox['run'] = async (...args) => {
    const lines: string[] = []
    const given = args.map((argument) => (argument.startsWith('@') ? path(argument.slice(1)) : argument))
    const code = await runQueryCost(given, (text) => lines.push(text))
    return { code, output: lines.join('\n').replaceAll(`${folder}/`, '') }
  }
  write(files)
  return {
    path,
    write,
    run,
    async check(...args) {
      const { code, output } = await run('check', ...args, '--format', 'json')
      return { code, report: JSON.parse(output) as Report }
    },
    async lint(...args) {
      const { code, output } = await run('lint', ...args, '--format', 'json')
      return { code, report: JSON.parse(output) as LintReport }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
