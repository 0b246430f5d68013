import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What `scripts/setup.mjs` installs or finds. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome']

function pathOfChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program)))
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('Chromium is missing: node scripts/setup.mjs')
  return found
}

/** A headless browser with a profile of its own. */
export interface Chromium {
  /** Ends it and removes its profile. */
  close(): Promise<void>
}

/** Opens a page in a headless Chromium. What it does there, the page tells its own server. */
export function openChromium(url: string): Chromium {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const child = spawn(
    pathOfChromium(),
    [
      '--headless',
      // Chromium refuses to run as root inside its sandbox; the pages here are our own.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      url,
    ],
    { stdio: 'ignore', detached: true },
  )
  const exited = once(child, 'exit')
  return {
    async close() {
      // Its own process group, so that its helpers end with it.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
      const ended = await Promise.race([exited, sleep(5_000, undefined, { ref: false })])
      if (ended === undefined && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await exited
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}
