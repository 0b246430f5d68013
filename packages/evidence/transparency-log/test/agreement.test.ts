import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { appendEntries, verifyLog } from '../src/index.ts'
import { entriesFrom, keyLine, newFolder, newSigner, removeFolders } from './logs.ts'
import { runs } from './runs.ts'
import { ed25519Holds } from './second-ed25519.ts'
import { secondVerdict } from './second-verifier.ts'

afterAll(removeFolders)

const signer = newSigner()
const key = signer.verifier
const { seed } = runs(1)
/** Sizes at which something changes, and some that the seed picks. */
const sizes = [0, 1, 2, 255, 256, 257, 513, (seed * 7_919) % 1_000, (seed * 104_729) % 5_001]
const logs: { folder: string; files: string[] }[] = []

beforeAll(async () => {
  for (const size of sizes) {
    const folder = newFolder()
    await appendEntries(folder, entriesFrom(0, Math.floor(size / 3)), { signer })
    await appendEntries(folder, entriesFrom(Math.floor(size / 3), size - Math.floor(size / 3)), { signer })
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    logs.push({ folder, files: files.toSorted() })
  }
}, 120_000)

async function agree(folder: string): Promise<boolean> {
  const first = (await verifyLog(folder, { key })).ok
  expect([folder, secondVerdict(folder, keyLine(signer))]).toEqual([folder, first])
  return first
}

/** Whether a file is a part that an earlier checkpoint needed: a log may take it away. */
function isReplaced(file: string, files: readonly string[]): boolean {
  const [, tile = '', width = ''] = /^(.*)\.p\/(\d+)$/.exec(file) ?? []
  const isWider = (other: string): boolean => Number(/\.p\/(\d+)$/.exec(other)?.[1] ?? 256) > Number(width)
  return tile !== '' && files.some((other) => other.startsWith(tile) && isWider(other))
}

/** Ways to change a file, given another one. Nothing takes it away. */
const edits: ((bytes: Buffer, other: Buffer, at: number, noise: Uint8Array) => Buffer | undefined)[] = [
  (bytes, _other, at, noise) => Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]),
  (bytes, _other, at, noise) =>
    Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + noise.length)]),
  (bytes, _other, at, noise) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + noise.length)]),
  (bytes, _other, at) => bytes.subarray(0, at),
  (bytes, _other, at) => Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]),
  (_bytes, other) => other,
  (bytes, other) => Buffer.concat([bytes, other]),
  () => undefined,
]

describe('two verifiers', () => {
  it('that share no code find every log good that nobody touched', async () => {
    for (const { folder } of logs) expect(await agree(folder)).toBe(true)
  })

  it('agree on every change of a file, and no change passes', async () => {
    const places = { log: fc.nat(), file: fc.nat(), other: fc.nat(), edit: fc.nat(), at: fc.nat() }
    await fc.assert(
      fc.asyncProperty(
        fc.record(places),
        fc.uint8Array({ minLength: 1, maxLength: 70 }),
        async ({ log, file, other, edit, at }, noise) => {
          const { folder, files } = logs[log % logs.length] ?? { folder: '', files: [] }
          const name = files[file % files.length] ?? ''
          const path = join(folder, name)
          const bytes = readFileSync(path)
          const source = readFileSync(join(folder, files[other % files.length] ?? ''))
          const changed = edits[edit % edits.length]?.(bytes, source, at % (bytes.length + 1), noise)
          if (changed === undefined) rmSync(path)
          else writeFileSync(path, changed)
          try {
            const same = changed === undefined ? isReplaced(name, files) : changed.equals(bytes)
            expect([name, await agree(folder)]).toEqual([name, same])
          } finally {
            writeFileSync(path, bytes)
          }
        },
      ),
      runs(120),
    )
    for (const { folder } of logs) expect(await agree(folder)).toBe(true)
  }, 3_600_000)

  it('agree on files that are put where none was', async () => {
    const parts = fc.constantFrom(
      '000',
      '001',
      '002',
      'x000',
      'x001',
      '000.p',
      '001.p',
      '1',
      '44',
      '255',
      '256',
      '0',
      '00',
    )
    const paths = fc
      .tuple(
        fc.constantFrom('0', '1', '2', '00', '63', '64', 'entries', 'other'),
        fc.array(parts, { minLength: 1, maxLength: 3 }),
      )
      .map(([level, rest]) => ['tile', level, ...rest].join('/'))
    await fc.assert(
      fc.asyncProperty(paths, fc.nat(), fc.nat(), async (path, log, length) => {
        const { folder, files } = logs[log % logs.length] ?? { folder: '', files: [] }
        // Not over, below or above what is there.
        fc.pre(!files.some((file) => `${file}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${file}/`)))
        fc.pre(!existsSync(join(folder, path)))
        const before = files.map((file) => join(folder, file))
        mkdirSync(join(folder, path, '..'), { recursive: true })
        // A part that an earlier checkpoint needed may be there, when it is the right one.
        const level = path.split('/')[1] ?? ''
        const whole = files.find((file) => file.startsWith(`tile/${level}/`))
        const content =
          whole === undefined
            ? Buffer.alloc(0)
            : readFileSync(join(folder, whole)).subarray(0, (length % 9) * 32)
        writeFileSync(join(folder, path), content)
        try {
          await agree(folder)
        } finally {
          rmSync(join(folder, path))
        }
        expect(before.every((file) => existsSync(file))).toBe(true)
      }),
      runs(80),
    )
  }, 3_600_000)

  it('agree on signatures: Ed25519 in whole numbers and Node’s', () => {
    const pair = generateKeyPairSync('ed25519')
    const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    for (let at = 0; at < 20; at++) {
      const message = createHash('sha256').update(String(at)).digest()
      const signature = sign(null, message, pair.privateKey)
      expect(ed25519Holds(raw, message, signature)).toBe(true)
      signature[at * 3] = (signature[at * 3] ?? 0) ^ 1
      expect(ed25519Holds(raw, message, signature)).toBe(false)
    }
  })
})
