import { readArguments, type DemoArguments } from './arguments.ts'
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from './database/seed/generate.ts'
import { GATES } from './gates.ts'
import { createShutdown } from './shutdown.ts'
import { StartFailure, startDemo, type Demo } from './start.ts'
import { createClient } from './tour/client.ts'
import { createPrinter } from './tour/print.ts'
import { compare, runTour, type Comparison } from './tour/runner.ts'
import { steps } from './tour/steps.ts'

const terminal = process.stdout.isTTY
const colored = terminal && process.env['NO_COLOR'] === undefined
const shutdown = createShutdown(report)
/** What a shell expects of a program that was interrupted; the end of the tour decides otherwise. */
let exitCode = 130

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end())
// Whoever read our output is gone, as with `| head`.
process.stdout.on('error', () => void end())

try {
  const { once, without } = readArguments(process.argv.slice(2))
  const demo = await startDemo(without, shutdown, terminal)
  const passed = await tour(demo, without)
  if (!shutdown.begun) exitCode = passed ? 0 : 1
  if (without.size === 0) {
    const [first, ...others] = GATES
    print(`See what a gate is for: npm run demo -- --once --without ${first} (or ${others.join(', ')})`)
  }
  if (once) await end()
  else printAddresses(demo, without)
} catch (error) {
  // A signal stops the services under our feet: what fails then is no failure to report.
  if (!shutdown.begun) {
    // Of a start that failed, the list of tasks has told already.
    if (!(error instanceof StartFailure)) report(error)
    exitCode = 1
  }
  await end()
}

/** Takes the tour, twice where gates are left out. True where every step went as declared. */
async function tour({ shop, reduced }: Demo, without: DemoArguments['without']): Promise<boolean> {
  const printer = createPrinter(print, colored)
  printer.begin()
  const complete = await runTour(
    steps,
    createClient(shop.origin, DEMO_PASSWORD),
    shop.backstage,
    printer.result,
  )
  if (reduced === null) return printer.verdict(complete)

  printer.beginComparison([...without])
  const comparisons: Comparison[] = []
  const client = createClient(reduced.origin, DEMO_PASSWORD)
  await runTour(steps, client, reduced.backstage, (result, index) => {
    const before = complete[index]
    if (!before) return
    const comparison = compare(before, result, without)
    comparisons.push(comparison)
    printer.comparison(comparison, index)
  })
  return printer.verdict(comparisons)
}

function printAddresses({ shop: { origin }, reduced }: Demo, without: DemoArguments['without']): void {
  print(
    `\nGraphQL  ${origin}/graphql\nREST     ${origin}/auth/login, /auth/register, /users/:id, /orders, /orders/:id, /admin/users/:id`,
  )
  if (reduced !== null) print(`Without ${[...without].join(', ')}: ${reduced.origin}/graphql`)
  print(
    `Try      curl ${origin}/graphql -H 'content-type: application/json' -d '{"query":"{ shop { name } }"}'`,
  )
  print(`Accounts ${Object.values(DEMO_ACCOUNTS).join(', ')}\nPassword ${DEMO_PASSWORD}`)
  print('\nThe shop stays up. Press ctrl-C to stop it.')
}

async function end(): Promise<never> {
  await shutdown.run()
  process.exit(exitCode)
}

/** Prints a line, unless everything is being stopped: requests then fail for no fault of the shop. */
function print(line: string): void {
  if (!shutdown.begun) console.log(line)
}

function report(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error))
}
