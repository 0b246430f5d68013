#!/usr/bin/env node
/**
 * The system packages the tests need. Run as root on Debian or Ubuntu, it installs what is missing; elsewhere it
 * prints the line that does.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the tests need: any one of the programs will do, the package provides one. */
const redis = {
  what: 'Redis',
  programs: ['redis-server', 'valkey-server'],
  debian: 'redis-server',
  brew: 'redis',
}
const browser = {
  what: 'Chromium',
  programs: ['chromium', 'chromium-browser', 'google-chrome'],
  debian: 'chromium',
  brew: 'chromium',
}

/** What more can be tested with; where it cannot be installed, the tests do without. */
const pgbouncer = { programs: ['pgbouncer'], debian: 'pgbouncer' }

/**
 * Makes sure that the system packages are there.
 *
 * @param {{ withBrowser?: boolean }} [options] without a browser: for what needs Redis alone
 * @returns {string | undefined} what is missing and the line that installs it; undefined when all is there
 */
export function setup({ withBrowser = true } = {}) {
  const missing = [redis, ...(withBrowser ? [browser] : [])].filter(({ programs }) => !programs.some(onPath))
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    if (missing.length > 0) {
      apt('update')
      aptInstall(missing.map(({ debian }) => debian))
    }
    if (!pgbouncer.programs.some(onPath) && hasCandidate(pgbouncer.debian)) aptInstall([pgbouncer.debian])
  }
  const stillMissing = missing.filter(({ programs }) => !programs.some(onPath))
  return stillMissing.length === 0 ? undefined : howToInstall(stillMissing)
}

/** @param {string} program */
function onPath(program) {
  // Debian has servers where only root looks.
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** @param {string[]} packages */
function aptInstall(packages) {
  console.log(`installing ${packages.join(', ')}`)
  apt('install', '-y', '--no-install-recommends', ...packages)
}

/** @param {string[]} args */
function apt(...args) {
  // RUNLEVEL=1 keeps the package from starting a server of its own: the tests start theirs on free ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const { status, stderr } = spawnSync('apt-get', ['-q', ...args], { env, encoding: 'utf8' })
  if (status !== 0) console.error(stderr.trim())
}

/**
 * Whether apt knows where to get a package, without asking anybody.
 *
 * @param {string} name
 */
function hasCandidate(name) {
  return /^ {2}Candidate: \d/m.test(
    spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout ?? '',
  )
}

/** @param {(typeof redis)[]} missing */
function howToInstall(missing) {
  const names = missing.map(({ what }) => what).join(' and ')
  const debian = missing.map((one) => one.debian).join(' ')
  const brew = missing.map((one) => one.brew).join(' ')
  const mac = process.platform === 'darwin'
  const line = mac ? `brew install ${brew}` : `sudo apt-get update && sudo apt-get install -y ${debian}`
  return `The tests run on real servers, and ${names} is missing here. This installs it${mac ? '' : ' on Debian and Ubuntu'}:\n  ${line}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = setup()
  if (missing !== undefined) console.error(missing)
  process.exitCode = missing === undefined ? 0 : 1
}
