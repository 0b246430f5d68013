import { readFileSync, readdirSync } from 'node:fs'
import { mark, markName } from './command.mjs'

/**
 * Follows the processes that this run starts, so that those it leaves behind can be named and ended. A process is ours
 * when it carries the run's mark in its environment, or when its parent was ours at any look: servers get an
 * environment of their own, and outlive their parents. Reads `/proc`, so it works on Linux only.
 */
export class Descendants {
  /** Whether this platform tells. */
  static known = process.platform === 'linux'

  /** Every process of the machine at the last look. @type {Set<number>} */
  #seen = new Set()
  /** Ours, with their start times: a process id may be used again. @type {Map<number, string>} */
  #ours = new Map([[process.pid, '']])
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /** Looks around many times a second from now on, without keeping the process alive. */
  follow() {
    if (Descendants.known) this.#timer = setInterval(() => this.#look(), 20).unref()
  }

  /**
   * Ends what is left, by process id, and stops looking.
   *
   * @returns {{ pid: number, name: string }[]} what was ended
   */
  end() {
    if (!Descendants.known) return []
    clearInterval(this.#timer)
    this.#look()
    const left = [...this.#ours]
      .filter(([pid, started]) => pid !== process.pid && stat(pid)?.started === started)
      .map(([pid]) => ({ pid, name: readProcess(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
      .filter(({ name }) => name !== '') // a zombie has no command line
    for (const { pid } of left) endProcess(pid)
    return left
  }

  #look() {
    const now = new Set(processIds())
    for (const pid of this.#seen) if (!now.has(pid)) this.#ours.delete(pid)
    let fresh = [...now].filter((pid) => !this.#seen.has(pid))
    this.#seen = now
    // A child may be listed before its parent, so go on until no more of them are found.
    for (let found = true; found;) {
      const others = fresh.filter((pid) => !this.#claim(pid))
      found = others.length < fresh.length
      fresh = others
    }
  }

  /** @param {number} pid @returns {boolean} whether it is ours */
  #claim(pid) {
    const facts = stat(pid)
    if (facts === undefined || !(this.#ours.has(facts.parent) || isMarked(pid))) return false
    this.#ours.set(pid, facts.started)
    return true
  }
}

function processIds() {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
}

/** @param {number} pid @returns {{ parent: number, started: string } | undefined} */
function stat(pid) {
  // The name may hold blanks and brackets; the fields begin after the last bracket (proc_pid_stat(5)).
  const fields = readProcess(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return fields.length < 20 ? undefined : { parent: Number(fields[1]), started: fields[19] ?? '' }
}

/** @param {number} pid */
function isMarked(pid) {
  return readProcess(pid, 'environ').split('\0').includes(`${markName}=${mark}`)
}

/** @param {number} pid @param {string} file */
function readProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // gone, or another user's
  }
}

/** @param {number} pid */
function endProcess(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended while we were looking.
  }
}
