#!/usr/bin/env node
/** `npm run docs`: checks the generated tables of the READMEs; with `--write`, renews them. Needs a build. */
import { verdict } from './checks/verdict.mjs'
import { unbuilt } from './docs/examine.mjs'
import { checkTables } from './docs/tables.mjs'

const write = process.argv.includes('--write')
const missing = unbuilt().map((name) => `${name} is not built: npx tsc -b`)
verdict(
  [...missing, ...(await checkTables({ write }))],
  write ? 'the tables are renewed' : 'the tables are up to date',
)
