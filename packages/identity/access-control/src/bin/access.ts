#!/usr/bin/env node
import { runAccess } from '../command.ts'

process.exitCode = await runAccess(process.argv.slice(2), (text) => process.stdout.write(`${text}\n`))
