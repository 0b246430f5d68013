// What verifying a log costs beside plain SHA-256 of the same bytes: the same files, read the same way, in one run.
import { generateKeyPairSync, createHash, hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { appendEntries, createSigner, decodeBundle, verifyLog } from '@portcullis/transparency-log'
import { printTable } from './samples.mjs'

const ENTRIES = 50_000
const ROUNDS = 7
const signer = createSigner('example.com/log', generateKeyPairSync('ed25519').privateKey)

/** Every file of a log. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** The best of some interleaved rounds, in milliseconds, so that whatever else the machine does is everybody's. */
async function best(tasks) {
  const times = tasks.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, task] of tasks.entries()) {
      const begin = performance.now()
      await task()
      times[at] = Math.min(times[at], performance.now() - begin)
    }
  }
  return times
}

const rows = []
for (const bytes of [200, 400, 700, 1_500, 4_000]) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-log-'))
  try {
    await appendEntries(
      folder,
      Array.from({ length: ENTRIES }, () => randomBytes(bytes)),
      { signer },
    )
    const files = filesOf(folder)
    const entries = files
      .filter((path) => path.includes('entries'))
      .flatMap((path) => decodeBundle(readFileSync(path)))
    const [verify, stream, each] = await best([
      async () => {
        const { ok, fault } = await verifyLog(folder, { key: signer.verifier })
        if (!ok) throw new Error(fault?.message)
      },
      () => {
        const sum = createHash('sha256')
        for (const path of files) sum.update(readFileSync(path))
        sum.digest()
      },
      () => {
        for (const entry of entries) hash('sha256', entry, 'hex')
      },
    ])
    const ratio = (of) => `${(verify / of).toFixed(2)}x`
    rows.push([bytes, verify.toFixed(0), stream.toFixed(0), ratio(stream), each.toFixed(0), ratio(each)])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

console.log(`${ENTRIES.toLocaleString('en')} entries; best of ${ROUNDS} interleaved rounds\n`)
printTable([
  [
    'bytes an entry',
    'verify, ms',
    'read + one SHA-256, ms',
    'ratio',
    'SHA-256 of each entry in memory, ms',
    'ratio',
  ],
  ...rows,
])
console.log(
  `\npeak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB, with the benchmark's own copies`,
)
