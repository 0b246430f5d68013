#!/usr/bin/env node
import { runQueryCost } from '../command.ts'

process.exitCode = await runQueryCost(process.argv.slice(2), (text) => process.stdout.write(`${text}\n`))
