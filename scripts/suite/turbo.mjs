import { run } from './command.mjs'

/**
 * Runs one task in every package that has it, and no other task before it, and fails when fewer tasks were executed than packages have it: with
 * a filter or a check gone wrong, the task runner executes nothing and still exits with 0.
 *
 * @param {string} task
 * @param {{ manifest: { scripts?: Record<string, string> } }[]} workspaces
 * @returns {Promise<{ ok: boolean, ms: number, name: string, details: string }>}
 */
export async function turbo(task, workspaces) {
  const expected = workspaces.filter(({ manifest }) => manifest.scripts?.[task] !== undefined).length
  const args = ['run', task, '--only', '--concurrency=2', '--output-logs=errors-only']
  const { code, output, ms } = await run('turbo', args, { env: { NO_COLOR: '1' } })
  const executed = executedTasks(output)
  const enough = expected > 0 && executed >= expected
  const details = enough
    ? output
    : `${output}\nexecuted ${executed} tasks where ${expected} packages have "${task}"`
  return { ok: code === 0 && enough, ms, name: `${task} (${executed} tasks)`, details }
}

/**
 * How many tasks a turbo run executed or took from its cache, read from its summary; 0 when it printed none.
 *
 * @param {string} output
 */
export function executedTasks(output) {
  const summary = /Tasks:\s+(\d+) successful/.exec(output)
  return Number(summary?.[1] ?? 0)
}
