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

  /** Start times by process id, of every process seen; a process id may be used again. @type {Map<number, string>} */
  #seen = new Map()
  /** @type {Set<number>} */
  #ours = new Set([process.pid])
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /** Looks around several times a second from now on, without keeping the process alive. */
  follow() {
    if (Descendants.known) this.#timer = setInterval(() => this.#look(), 200).unref()
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
      .filter((pid) => pid !== process.pid)
      .map((pid) => ({ pid, name: readProcess(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
      .filter(({ name }) => name !== '') // a zombie has no command line
    for (const { pid } of left) endProcess(pid)
    return left
  }

  #look() {
    const now = new Map(processIds().flatMap((pid) => stat(pid)))
    for (const [pid, started] of this.#seen) if (now.get(pid)?.started !== started) this.#forget(pid)
    for (const [pid, { started }] of now) {
      if (this.#seen.has(pid)) continue
      this.#seen.set(pid, started)
      if (isMarked(pid)) this.#ours.add(pid)
    }
    // Children may be listed before their parents, so go on until nothing new is found.
    for (let found = true; found;) {
      const children = [...now].filter(([pid, { parent }]) => this.#ours.has(parent) && !this.#ours.has(pid))
      for (const [pid] of children) this.#ours.add(pid)
      found = children.length > 0
    }
  }

  /** @param {number} pid */
  #forget(pid) {
    this.#seen.delete(pid)
    this.#ours.delete(pid)
  }
}

function processIds() {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
}

/** @param {number} pid @returns {[number, { parent: number, started: string }][]} */
function stat(pid) {
  // The name may hold blanks and brackets; the fields begin after the last bracket (proc_pid_stat(5)).
  const fields = readProcess(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return fields.length < 20 ? [] : [[pid, { parent: Number(fields[1]), started: fields[19] ?? '' }]]
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
