#!/usr/bin/env node
/**
 * `npm test`: installs, checks, builds and tests the whole product, and ends with `N passed, N failed`.
 *
 *   --deep                  the long tier: 50 times the property runs, and the `*.deep.test.ts` files
 *   --search [--minutes N]  property tests only, with a fresh printed seed each round, until the time is up
 */
import './suite/node-version.mjs'

// Loaded only now: an old Node must reach the line above, not a syntax error in here.
const { main } = await import('./suite/main.mjs')
process.exitCode = await main(process.argv.slice(2))
