/** A started service that can be stopped without an event loop. */
export interface Stoppable {
  /** Stops the service and removes its data before it returns. Must not throw. */
  stopNow(): void
}

const running = new Set<Stoppable>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Stops the service when this process exits, throws or is interrupted, so that nothing is left behind.
 * An application that handles the signal itself keeps its own order: its exit then stops what is left.
 *
 * @returns a function that takes the service off the list again.
 */
export function stopOnExit(service: Stoppable): () => void {
  if (running.size === 0) listen()
  running.add(service)
  return () => {
    if (running.delete(service) && running.size === 0) unlisten()
  }
}

function listen(): void {
  process.on('exit', stopAll)
  for (const signal of SIGNALS) process.on(signal, onSignal)
}

function unlisten(): void {
  process.off('exit', stopAll)
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

function stopAll(): void {
  for (const service of running) service.stopNow()
  running.clear()
  unlisten()
}

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  stopAll()
  // Our listener had replaced the signal's default action, which is to end the process.
  process.kill(process.pid, signal)
}
