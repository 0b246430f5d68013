import { parseArgs } from 'node:util'
import { baseOf } from './command/base.ts'
import { readDocuments } from './command/documents.ts'
import { CommandError, readJson } from './command/files.ts'
import { lint } from './command/lint.ts'
import { priceDocuments, variablesIn } from './command/price.ts'
import { judge } from './command/report.ts'
import { readSchema } from './command/schema.ts'
import { lintText, reportText } from './command/text.ts'
import { createModels } from './models.ts'
import { queryCostOptions, type ResolvedQueryCostOptions } from './options.ts'

const USAGE = `portcullis-query-cost check <documents> --schema <file> [options]
portcullis-query-cost lint --schema <file> [options]

  <documents>   a folder of .graphql and .gql files, one such file, a manifest of persisted queries, or a JSON file
                of texts by hash
  --schema      the schema as text, with its @cost and @listSize
  --options     the plugin's options as JSON: weights, limits and so on
  --format      text (default) or json

Of check alone:
  --variables   JSON: variables by operation or document, and under "*" those of all
  --max-cost    most that an operation may cost; without it, that of the options, or 1000
  --base        an earlier report (--format json) to compare with
  --max-rise    how much more than in the base an operation may cost, such as 10%

Exit code: 0 all is well, 1 it is not, 2 it could not be checked.
`

const OPTIONS = {
  schema: { type: 'string' },
  options: { type: 'string' },
  format: { type: 'string' },
  variables: { type: 'string' },
  'max-cost': { type: 'string' },
  base: { type: 'string' },
  'max-rise': { type: 'string' },
} as const

const OF_CHECK_ALONE = ['variables', 'max-cost', 'base', 'max-rise'] as const

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | undefined }

/** What a command found. */
interface Outcome {
  readonly passed: boolean
  readonly text: string
}

/**
 * The command `portcullis-query-cost`.
 *
 * @param args what follows the command's name
 * @param print takes the output
 * @returns the exit code: 0 all is well, 1 it is not, 2 it could not be checked
 */
export async function runQueryCost(
  args: readonly string[],
  print: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
    const { passed, text } = await run(positionals, values)
    print(text)
    return passed ? 0 : 1
  } catch (error) {
    const { message } = error as Error
    print(error instanceof CommandError && !error.usage ? message : `${message}\n\n${USAGE}`)
    return 2
  }
}

async function run([command, ...rest]: readonly string[], values: Values): Promise<Outcome> {
  const json = formatOf(values.format) === 'json'
  const { schema: path } = values
  if (path === undefined) throw new CommandError('--schema is missing', true)
  if (command === 'lint') {
    const misplaced = OF_CHECK_ALONE.find((name) => values[name] !== undefined)
    if (misplaced !== undefined || rest.length > 0)
      throw new CommandError(
        `lint takes no ${misplaced === undefined ? 'documents' : `--${misplaced}`}`,
        true,
      )
    const found = lint(await readSchema(path), await optionsIn(values.options))
    return { passed: found.passed, text: json ? JSON.stringify(found, null, 2) : lintText(found) }
  }
  const [documents] = rest
  if (command !== 'check' || documents === undefined || rest.length > 1)
    throw new CommandError('the command is check with one folder or file, or lint', true)
  return check(documents, path, values, json)
}

async function check(path: string, schemaPath: string, values: Values, json: boolean): Promise<Outcome> {
  const maxRise = percent(values['max-rise'])
  if (maxRise !== undefined && values.base === undefined)
    throw new CommandError('--max-rise needs a --base', true)
  const options = await optionsIn(values.options)
  const maxCost = numberOf('--max-cost', values['max-cost']) ?? options.maxCost
  const model = modelOf(options)(await readSchema(schemaPath))
  const variables = variablesIn(values.variables === undefined ? {} : await readJson(values.variables))
  const base = values.base === undefined ? undefined : baseOf(await readJson(values.base))
  const priced = priceDocuments(model, await readDocuments(path), variables)
  const report = judge(priced, { ...options, maxCost, maxRise }, base)
  return { passed: report.passed, text: json ? JSON.stringify(report, null, 2) : reportText(report) }
}

/** The plugin's own options, so that one file serves both. */
async function optionsIn(path: string | undefined): Promise<Readonly<ResolvedQueryCostOptions>> {
  const given = path === undefined ? {} : await readJson(path)
  return asCommandError(() => queryCostOptions.parse(given))
}

function modelOf(options: Readonly<ResolvedQueryCostOptions>): ReturnType<typeof createModels> {
  const models = createModels(options)
  return (schema) => asCommandError(() => models(schema))
}

/** The message of these errors says all there is to know; the usage would not help. */
function asCommandError<Result>(attempt: () => Result): Result {
  try {
    return attempt()
  } catch (error) {
    throw new CommandError((error as Error).message)
  }
}

function formatOf(format = 'text'): string {
  if (format === 'text' || format === 'json') return format
  throw new CommandError(`--format takes text or json, got ${format}`, true)
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(number) && number >= 0) return number
  throw new CommandError(`${option} takes a number of at least 0, got ${text}`, true)
}

function percent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!text.endsWith('%'))
    throw new CommandError(`--max-rise takes a percentage such as 10%, got ${text}`, true)
  return numberOf('--max-rise', text.slice(0, -1))
}
