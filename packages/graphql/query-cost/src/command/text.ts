import type { LintReport } from './lint.ts'
import { nameOf } from './price.ts'
import type { JudgedOperation, Report } from './report.ts'

/** What `check` prints for people: the dearest operation first, each with its formula and what was assumed. */
export function reportText({ costModel, limits, operations, gone }: Report): string {
  const passed = operations.filter(({ faults }) => faults.length === 0).length
  const head = `cost model ${costModel}, limit ${limits.maxCost}: ${passed} of ${operations.length} operations pass`
  return clean([head, '', ...operations.flatMap(operationText), ...goneText(gone)])
}

function operationText(one: JudgedOperation): string[] {
  const mark = one.faults.length === 0 ? 'ok  ' : 'FAIL'
  const cost = (one.cost === null ? '?' : String(one.cost)).padStart(9)
  const formula = one.formula === null ? '' : ` = ${one.formula}`
  const details = [
    ...one.faults.map(({ code, message }) => `${code}: ${message}`),
    ...beforeText(one),
    ...assumedText(one),
    ...(one.approximate ? ['a coarser bound, because the document is so large'] : []),
  ]
  return [
    `${mark} ${cost}  ${nameOf(one)}${formula}`,
    ...details.map((detail) => `${' '.repeat(16)}${detail}`),
  ]
}

function beforeText({ before, cost }: JudgedOperation): string[] {
  if (before === undefined || before === null || cost === null || before === cost) return []
  const percent = before === 0 ? '' : `, ${(((cost - before) / before) * 100).toFixed(1)}%`
  return [`${cost > before ? '+' : ''}${cost - before} since the base${percent}`]
}

const WORDS = { 'not sent': 'not sent', both: 'either way', default: 'as declared' } as const

/** Values that were given, or do not matter, need no words. */
function assumedText({ variables }: JudgedOperation): string[] {
  const words = Object.entries(variables).flatMap(([name, state]) =>
    state === 'not sent' || state === 'both' || state === 'default' ? [`$${name} ${WORDS[state]}`] : [],
  )
  return words.length === 0 ? [] : [`assumed: ${words.join(', ')}`]
}

const goneText = (gone: readonly string[]): string[] =>
  gone.length === 0 ? [] : ['', `no longer there: ${gone.join(', ')}`]

/** What `lint` prints for people. */
export function lintText({ costModel, problems, departures, unbounded, inferred }: LintReport): string {
  const count = problems.length + departures.length
  return clean([
    `cost model ${costModel}: ${count === 0 ? 'nothing is wrong' : `${count} to mend`}`,
    ...section(
      'Cannot be used:',
      problems.map(({ coordinate, message }) => `${coordinate}: ${message}`),
    ),
    ...section(
      'Not as the specification has it (section 9):',
      departures.map(({ coordinate, message }) => `${coordinate}: ${message}`),
    ),
    ...section('Lists that only defaultListSize bounds:', unbounded),
    ...section(
      'List sizes taken from names, to be reviewed:',
      inferred.map(({ coordinate, slicingArguments, sizedFields }) => {
        const below = sizedFields.length === 0 ? '' : ` for ${sizedFields.join(', ')}`
        return `${coordinate}: ${slicingArguments.join(', ')}${below}`
      }),
    ),
  ])
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]

/** Names and hashes come from files: no control character of theirs reaches a terminal. */
const clean = (lines: readonly string[]): string =>
  lines.map((line) => line.replaceAll(/\p{Cc}/gu, ' ')).join('\n')
