#!/usr/bin/env node
import { runTransparencyLog } from '../command.ts'

process.exitCode = await runTransparencyLog(process.argv.slice(2), (text) =>
  process.stdout.write(`${text}\n`),
)
