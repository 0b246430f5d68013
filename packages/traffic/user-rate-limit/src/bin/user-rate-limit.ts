#!/usr/bin/env node
import { runUserRateLimit } from '../command.ts'

process.exitCode = await runUserRateLimit(process.argv.slice(2), process.env, (text) =>
  process.stdout.write(`${text}\n`),
)
