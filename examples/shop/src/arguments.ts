import { parseArgs } from 'node:util'
import { GATES, type Gate } from './gates.ts'

/** What the demo was asked to do. */
export interface DemoArguments {
  /** End after the tour instead of staying up. */
  readonly once: boolean
  /** Gates to leave out of a second shop; empty for one tour with every gate. */
  readonly without: ReadonlySet<Gate>
}

/**
 * Reads the command line.
 *
 * @throws Error that names the argument and what is possible.
 */
export function readArguments(args: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      without: { type: 'string', multiple: true, default: [] },
    },
  })
  return { once: values.once, without: new Set(values.without.map(gateNamed)) }
}

function gateNamed(name: string): Gate {
  const gate = GATES.find((known) => known === name)
  if (!gate) throw new Error(`--without takes one of ${GATES.join(', ')}, not ${JSON.stringify(name)}`)
  return gate
}
