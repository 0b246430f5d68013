import { readFileSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTransparencyLog } from '../src/command.ts'
import { appendEntries, cosignCheckpoint, createCosigner, createSigner } from '../src/index.ts'
import { appendBatches, copyOf, entriesFrom, keyLine, newFolder, newSigner, removeFolders } from './logs.ts'

afterAll(removeFolders)

const pair = generateKeyPairSync('ed25519')
const signer = createSigner('example.com/log', pair.privateKey)
const key = keyLine(signer)
const folder = newFolder()
const files = newFolder()
let note = ''

beforeAll(async () => {
  note = (await appendBatches(folder, signer, [300]))[0]?.note ?? ''
  writeFileSync(join(files, 'head'), note)
  writeFileSync(join(files, 'key.pem'), pair.publicKey.export({ format: 'pem', type: 'spki' }))
  writeFileSync(join(files, 'key.txt'), `${key}\n`)
})

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = []
  const code = await runTransparencyLog(args, (text) => lines.push(text))
  return { code, output: lines.join('\n') }
}

describe('verify', () => {
  it('takes the key as a line, a file with it, or PEM with the name', async () => {
    for (const args of [
      [key],
      [join(files, 'key.txt')],
      [join(files, 'key.pem'), '--origin', 'example.com/log'],
    ]) {
      const { code, output } = await run('verify', folder, '--key', ...args)
      expect([code, output]).toEqual([
        0,
        expect.stringMatching(/^ok: example\.com\/log, 300 entries, root \S{44}$/),
      ])
    }
  })

  it('says which file and which entry is not what was logged', async () => {
    const copy = copyOf(folder)
    const path = join(copy, 'tile/entries/000')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(path, bytes)
    const { code, output } = await run('verify', copy, '--key', key)
    expect(code).toBe(1)
    expect(output).toContain(
      'NOT what was logged (edited). tile/entries/000: entry 255 is not the one that was logged.',
    )
    expect(output).toContain('0 entries from the first on are vouched for.')
  })

  it('compares with what was kept elsewhere', async () => {
    expect((await run('verify', folder, '--key', key, '--held', join(files, 'head'))).code).toBe(0)
    const anew = newFolder()
    await appendEntries(anew, entriesFrom(0, 299), { signer })
    expect((await run('verify', anew, '--key', key)).code).toBe(0)
    const { code, output } = await run('verify', anew, '--key', key, '--held', join(files, 'head'))
    expect([code, output]).toEqual([1, expect.stringContaining('it had 300')])
  })

  it('demands witnesses', async () => {
    const witness = createCosigner('witness.example', generateKeyPairSync('ed25519').privateKey, () => 0)
    const args = ['--key', key, '--witness', keyLine(witness)]
    expect(await run('verify', folder, ...args)).toMatchObject({
      code: 1,
      output: expect.stringContaining('unwitnessed') as string,
    })
    const copy = copyOf(folder)
    const log = { key: signer.verifier }
    writeFileSync(
      join(copy, 'checkpoint'),
      cosignCheckpoint(note, { log, cosigner: witness, previous: undefined, proof: [] }),
    )
    expect((await run('verify', copy, ...args)).output).toContain(
      'witnessed by witness.example at 1970-01-01T00:00:00.000Z',
    )
    expect((await run('verify', copy, '--key', key)).output).toContain('1 signatures are of unknown keys')
    expect((await run('verify', copy, ...args, '--quorum', '2')).code).toBe(2)
  })

  it('of what cannot be looked at ends with 2, and not with 0', async () => {
    const other = keyLine(newSigner())
    const cases: [string[], RegExp][] = [
      [[], /^portcullis-transparency-log verify/],
      [['verify'], /^portcullis-transparency-log verify/],
      [['verify', folder], /--key is missing/],
      [['verify', folder, 'more', '--key', key], /^portcullis/],
      [['erase', folder, '--key', key], /^portcullis/],
      [['constructor', folder, '--key', key], /^portcullis/],
      [['verify', folder, '--key', key, '--nonsense'], /nonsense/],
      [['verify', join(files, 'nowhere'), '--key', key], /ENOENT/],
      [['verify', folder, '--key', join(files, 'nowhere')], /ENOENT/],
      [['verify', folder, '--key', join(files, 'head')], /no verifier key/],
      [['verify', folder, '--key', join(files, 'key.pem')], /--origin/],
      [['verify', folder, '--key', key, '--quorum', 'x'], /--quorum takes a number/],
      [['verify', folder, '--key', key, '--witness', other], /log's key/],
    ]
    for (const [args, output] of cases) {
      const answer = await run(...args)
      expect([args, answer.code, answer.output]).toEqual([args, 2, expect.stringMatching(output)])
    }
    expect((await run('verify', folder, '--key', other)).code).toBe(1)
  })
})

describe('prove and check', () => {
  it('take an entry out with its proof, and check it without the log', async () => {
    const out = join(files, 'entry')
    expect(await run('prove', folder, '--index', '123', '--key', key, '--out', out)).toMatchObject({
      code: 0,
    })
    expect(readFileSync(out)).toEqual(entriesFrom(123, 1)[0])
    const check = ['check', `${out}.tlog-proof`, '--entry', out, '--key', key]
    expect(await run(...check)).toEqual({ code: 0, output: 'ok: entry 123 of the 300 of example.com/log' })
    expect((await run(...check.slice(0, -1), keyLine(newSigner()))).code).toBe(1)
    writeFileSync(out, 'something else')
    expect(await run(...check)).toMatchObject({
      code: 1,
      output: expect.stringContaining('BAD_PROOF') as string,
    })
    expect((await run('prove', folder, '--index', '300', '--key', key, '--out', out)).code).toBe(2)
    expect((await run('prove', folder, '--key', key, '--out', out)).code).toBe(2)
    expect((await run('prove', folder, '--index', '1', '--key', key)).code).toBe(2)
  })
})
