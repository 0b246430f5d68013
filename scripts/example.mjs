// An example in one command: checks Node, installs, builds what it needs and runs it until ctrl-C.
import { examples, readArguments, start } from './launch/examples.mjs'
import { prepare } from './launch/prepare.mjs'
import { forwardSignals } from './launch/run.mjs'

const asked = readArguments(process.argv.slice(2), examples())
if ('complaint' in asked) {
  console.error(asked.complaint)
  process.exit(2)
}
const { example, rest } = asked
forwardSignals()
await prepare(example.package, example.name)
process.exit(await start(example, rest))
