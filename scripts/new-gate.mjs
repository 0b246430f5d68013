#!/usr/bin/env node
/**
 * `npm run new-gate -- <room> <name>`: makes `packages/<room>/<name>`, a small working gate with tests, types and a
 * README, and makes the workspace know it.
 */
import { roomsAllowed } from './checks/arrows.mjs'
import { checkTables } from './docs/tables.mjs'
import { complaintAbout, makeKnown, writeTemplate } from './new-gate/write.mjs'
import { run } from './suite/command.mjs'
import { packageManager, packages } from './suite/workspaces.mjs'

const [room = '', name = ''] = process.argv.slice(2)
const folder = `packages/${room}/${name}`
const complaint = complaintAbout({ room, name }, Object.keys(roomsAllowed), packages())
if (complaint !== undefined) {
  console.error(
    `${complaint}\nnpm run new-gate -- <room> <name>, such as: npm run new-gate -- traffic slow-client`,
  )
  process.exit(1)
}

const written = writeTemplate(folder, name)
const changed = makeKnown(folder, name)
await must('npx', ['-y', packageManager(), 'install'])
await must('oxfmt', [...written, ...changed])
await must('tsc', ['-b', folder])
await checkTables({ write: true, of: packages().filter((one) => one.folder === folder) })
console.log(`${folder} stands: replace its decision by yours, then npm test`)

/** @param {string} command @param {string[]} args */
async function must(command, args) {
  const { code, output } = await run(command, args)
  if (code === 0) return
  console.error(`${command} ${args.join(' ')} failed:\n${output}`)
  process.exit(1)
}
