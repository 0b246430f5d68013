#!/usr/bin/env node
/**
 * Asks the registry about known advisories for what is installed (row M18). A report for people: the registry's answer
 * changes by the day, so it never decides anything, and where there is no answer it says so. Exits with 0.
 */
import { run } from './suite/command.mjs'

const { output } = await run(process.execPath, ['node_modules/pnpm/bin/pnpm.mjs', 'audit', '--json'], {
  timeoutMs: 60_000,
})
console.log(describe(parse(output)))

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
  } catch {
    return undefined
  }
}

/** @param {unknown} answer pnpm's, in the shape of npm's audit report */
function describe(answer) {
  if (typeof answer !== 'object' || answer === null || !('advisories' in answer)) return 'audit: unavailable'
  const advisories = Object.values(/** @type {Record<string, Record<string, string>>} */ (answer.advisories))
  const lines = advisories.map(
    ({ severity, module_name: name, vulnerable_versions: versions, title, url }) =>
      `${severity}  ${name} ${versions}  ${title}  ${url}`,
  )
  return [`audit: ${advisories.length} known advisories`, ...lines].join('\n')
}
