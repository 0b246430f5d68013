import { spawn } from 'node:child_process'

/**
 * Waits until its input closes, which the kernel sees to however this process ends. Then the server gets an immediate
 * shutdown, some seconds for its postmaster to end frozen children, and its data is removed.
 */
const SCRIPT = `
  read -r _
  kill -CONT "$1"; kill -QUIT "$1"
  tries=0
  while kill -0 "$1" && [ "$tries" -lt 70 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$1"
  rm -rf -- "$2"`

/**
 * Has a PostgreSQL server ended, and its folder removed, when this process dies without being able to do it (SIGKILL).
 * Does nothing on Windows. Returns a function that calls the watchdog off.
 */
export function watch(pid: number, folder: string): () => void {
  if (process.platform === 'win32') return () => {}
  const dog = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', String(pid), folder], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    // ctrl-C in a terminal must not end the watchdog before us.
    detached: true,
  })
  // Without a shell there is no watchdog; the exit listeners remain.
  dog.on('error', () => {})
  dog.stdin.on('error', () => {})
  dog.unref()
  if ('unref' in dog.stdin && typeof dog.stdin.unref === 'function') dog.stdin.unref()
  return () => dog.kill('SIGKILL')
}
