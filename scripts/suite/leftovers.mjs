import { readFileSync, readdirSync } from 'node:fs'
import { mark, markName } from './command.mjs'

/**
 * Finds processes that this run started and that are still there: they carry the run's mark in their environment,
 * whoever their parent is by now. Reads `/proc`, so it answers on Linux only.
 *
 * @returns {{ pid: number, name: string }[] | undefined} undefined where the platform does not tell
 */
export function leftovers() {
  if (process.platform !== 'linux') return undefined
  const wanted = `${markName}=${mark}`
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => readProcess(pid, 'environ').split('\0').includes(wanted))
    .map((pid) => ({ pid: Number(pid), name: readProcess(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
    .filter(({ name }) => name !== '')
}

/** Ends what is left, by process id, and returns what it ended. */
export function endLeftovers() {
  const left = leftovers() ?? []
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended while we were looking.
    }
  }
  return left
}

/** @param {string} pid @param {string} file */
function readProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // gone, or another user's
  }
}
