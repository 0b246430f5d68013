import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentSecrets, fileSecrets, firstOf } from '../src/index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-secrets-'))
})
afterEach(() => rm(directory, { recursive: true }))

const NOT_FOUND = { code: 'PORTCULLIS_SECRETS_NOT_FOUND' }
const UNUSABLE = { code: 'PORTCULLIS_SECRETS_UNUSABLE' }

describe('a secret', () => {
  it('shows its value to who asks for it, and to no printer', async () => {
    const secret = await environmentSecrets({ env: { KEY: 'open sesame' } }).get('KEY')
    expect(secret.value).toBe('open sesame')
    const printed = [inspect(secret, { showHidden: true, depth: 9 }), JSON.stringify(secret)]
    expect(printed.join()).not.toContain('sesame')
    expect(JSON.stringify(Object.assign({}, secret))).not.toContain('sesame')
  })

  it('has the same version while its value is the same', async () => {
    const env: Record<string, string> = { KEY: 'one' }
    const secrets = environmentSecrets({ env })
    const first = await secrets.get('KEY')
    expect((await secrets.get('KEY')).version).toBe(first.version)
    env['KEY'] = 'two'
    expect((await secrets.get('KEY')).version).not.toBe(first.version)
  })
})

describe('environmentSecrets', () => {
  it('reads a variable with its prefix, and says which is missing or empty', async () => {
    const secrets = environmentSecrets({ prefix: 'APP_', env: { APP_KEY: 'x', APP_EMPTY: ' \n' } })
    expect((await secrets.get('KEY')).value).toBe('x')
    await expect(secrets.get('OTHER')).rejects.toMatchObject(NOT_FOUND)
    await expect(secrets.get('OTHER')).rejects.toThrow('APP_OTHER')
    await expect(secrets.get('EMPTY')).rejects.toMatchObject(UNUSABLE)
  })

  it('takes nothing that env inherits', async () => {
    await expect(environmentSecrets({ env: {} }).get('constructor')).rejects.toMatchObject(NOT_FOUND)
  })
})

describe('fileSecrets', () => {
  it('reads a file without the line break at its end, and sees it replaced', async () => {
    await mkdir(join(directory, 'v1'))
    await writeFile(join(directory, 'v1', 'key'), 'first line\nsecond\n')
    await symlink(join(directory, 'v1', 'key'), join(directory, 'key'))
    const secrets = fileSecrets({ directory })
    const before = await secrets.get('key')
    expect(before.value).toBe('first line\nsecond')
    await rm(join(directory, 'key'))
    await writeFile(join(directory, 'key'), 'third\r\n')
    const after = await secrets.get('key')
    expect(after.value).toBe('third')
    expect(after.version).not.toBe(before.version)
  })

  it.each(['../key', '/etc/passwd', '.hidden', '', '-rf', 'a/b', 'a\0b', 'x'.repeat(256)])(
    'takes %j for no name',
    async (name) => {
      await expect(fileSecrets({ directory }).get(name)).rejects.toMatchObject(UNUSABLE)
    },
  )

  it('refuses what is empty, too long, no text, no file, or writable by everybody, and never prints it', async () => {
    const secrets = fileSecrets({ directory })
    await writeFile(join(directory, 'empty'), '\n')
    await writeFile(join(directory, 'long'), 'sesame'.repeat(20_000))
    await writeFile(join(directory, 'bytes'), Buffer.from([0x73, 0xff, 0xfe]))
    await mkdir(join(directory, 'folder'))
    await writeFile(join(directory, 'shared'), 'sesame')
    await chmod(join(directory, 'shared'), 0o666)
    for (const name of ['empty', 'long', 'bytes', 'folder', 'shared']) {
      const error: unknown = await secrets.get(name).catch((caught: unknown) => caught)
      expect(error, name).toMatchObject(UNUSABLE)
      expect(inspect(error), name).not.toContain('sesame')
    }
    await expect(secrets.get('missing')).rejects.toMatchObject(NOT_FOUND)
  })
})

describe('firstOf', () => {
  it('takes the first that has it', async () => {
    await writeFile(join(directory, 'B'), 'from a file')
    const secrets = firstOf(
      environmentSecrets({ env: { A: 'from the environment' } }),
      fileSecrets({ directory }),
    )
    expect((await secrets.get('A')).value).toBe('from the environment')
    expect((await secrets.get('B')).value).toBe('from a file')
    await expect(secrets.get('C')).rejects.toMatchObject(NOT_FOUND)
  })

  it('does not pass over one that cannot be used', async () => {
    await writeFile(join(directory, 'A'), 'older')
    const secrets = firstOf(environmentSecrets({ env: { A: '' } }), fileSecrets({ directory }))
    await expect(secrets.get('A')).rejects.toMatchObject(UNUSABLE)
  })
})
