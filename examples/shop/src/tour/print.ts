import { createColors } from 'picocolors'
import { decidedBy, decisive, tally, type Comparison, type Result } from './runner.ts'

type Colors = ReturnType<typeof createColors>

/** Prints the tour as lines of at most 100 columns. */
export interface Printer {
  /** Announces a tour with every gate. */
  readonly begin: () => void
  readonly result: (result: Result, index: number) => void
  /** Announces the tour that leaves gates out. */
  readonly beginComparison: (missing: readonly string[]) => void
  /** Both outcomes of one step side by side. */
  readonly comparison: (comparison: Comparison, index: number) => void
  /** Says how many steps went as declared, and returns whether all did. */
  readonly verdict: (outcomes: readonly { readonly asDeclared: boolean }[]) => boolean
}

/** Makes a printer; `colored` is for terminals. */
export function createPrinter(write: (line: string) => void, colored: boolean): Printer {
  const colors = createColors(colored)
  return {
    begin: () => {
      write(colors.bold('\nThe tour, with every gate'))
      write(colors.dim(row(['', '', 'what was sent', 'decided by', '', 'code', 'time'])))
    },
    result: (result, index) => {
      for (const line of resultLines(result, index, colors)) write(line)
    },
    beginComparison: (missing) => {
      const without = `without ${missing.join(', ')}`
      write(colors.bold(`\nThe tour again, ${without}`))
      write(colors.dim(comparisonRow(['', '', 'what was sent', 'with every gate', without, 'outcome'])))
    },
    comparison: (comparison, index) => write(comparisonLine(comparison, index, colors)),
    verdict: (outcomes) => {
      const wrong = outcomes.filter(({ asDeclared }) => !asDeclared).length
      if (wrong === 0) write(colors.green(`\nAll ${outcomes.length} steps went as declared`))
      else write(colors.red(`\n${wrong} of ${outcomes.length} steps did not go as declared`))
      return wrong === 0
    },
  }
}

function resultLines(result: Result, index: number, colors: Colors): string[] {
  const answer = decisive(result)
  const gate = decidedBy(result)
  const cells = [
    String(index + 1),
    result.asDeclared ? 'ok' : 'NO',
    result.step.name,
    gate ?? 'the shop',
    String(answer?.status || ''),
    result.shown ?? answer?.code ?? '',
    `${Math.round(result.milliseconds)} ms`,
  ]
  const line = row(cells)
  const lines = [result.asDeclared ? (gate ? colors.yellow(line) : line) : colors.red(line)]
  if (result.failure !== null) lines.push(colors.red(`      no answer: ${result.failure}`.slice(0, WIDTH)))
  if (new Set(result.answers.map(({ status }) => status)).size > 1)
    lines.push(colors.dim(`      ${tally(result)}`.slice(0, WIDTH)))
  if (result.timeline !== null) lines.push(colors.dim(`      ${result.timeline}`.slice(0, WIDTH)))
  return lines
}

function comparisonLine(
  { step, complete, reduced, changed, asDeclared }: Comparison,
  index: number,
  colors: Colors,
): string {
  const verdict = asDeclared ? 'ok' : 'NO'
  const line = comparisonRow([
    String(index + 1),
    verdict,
    step.name,
    outcome(complete),
    outcome(reduced),
    changed ? 'changed' : 'same',
  ])
  if (!asDeclared) return colors.red(line)
  return changed ? colors.yellow(line) : colors.dim(line)
}

function outcome(result: Result): string {
  const answer = decisive(result)
  if (!answer) return 'no answer'
  return [answer.status || null, result.shown ?? answer.code].filter((part) => part !== null).join(' ')
}

const WIDTH = 100

/** Cells: number, verdict, what was sent, gate, status, code, time. */
function row(cells: readonly string[]): string {
  return align(cells, [-2, 2, 28, 15, 3, 24, -8])
}

/** Cells: number, verdict, what was sent, both outcomes, whether they differ. */
function comparisonRow(cells: readonly string[]): string {
  return align(cells, [-2, 2, 28, 28, 28, 7])
}

/** Cells side by side, one space apart; a negative width aligns to the right, longer texts are cut. */
function align(cells: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, index) => {
      const size = Math.abs(width)
      const text = cells[index] ?? ''
      const cut = text.length > size ? `${text.slice(0, size - 1)}…` : text
      return width < 0 ? cut.padStart(size) : cut.padEnd(size)
    })
    .join(' ')
    .trimEnd()
}
