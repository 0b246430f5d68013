import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Watches the event loop while something is done. A gap counts as far as this process was computing in it, so that a
 * machine that is busy with others does not count.
 *
 * @returns the longest gap and all computing, in milliseconds
 */
export async function watchLoop(work: Promise<unknown>): Promise<{ stall: number; computed: number }> {
  const first = process.cpuUsage()
  const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000
  const watch = { over: false }
  void work.finally(() => (watch.over = true)).catch(() => undefined)
  let stall = 0
  while (!watch.over) {
    const before = process.cpuUsage()
    const started = performance.now()
    await sleep(1)
    const gap = performance.now() - started - 1
    stall = Math.max(stall, Math.min(gap, milliseconds(process.cpuUsage(before))))
  }
  return { stall, computed: milliseconds(process.cpuUsage(first)) }
}
