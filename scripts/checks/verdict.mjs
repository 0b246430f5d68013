/**
 * Prints what a check found and sets the exit code.
 *
 * @param {string[]} findings one sentence each
 * @param {string} allWell what to print when there are none
 */
export function verdict(findings, allWell) {
  for (const finding of findings) console.error(finding)
  if (findings.length === 0) console.log(allWell)
  process.exitCode = findings.length === 0 ? 0 : 1
}
