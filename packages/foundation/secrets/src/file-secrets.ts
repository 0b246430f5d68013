import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { SecretNotFoundError, SecretUnusableError } from './errors.ts'
import { Secret } from './secret.ts'
import type { SecretsProvider } from './secret.ts'

/** Where {@link fileSecrets} looks. */
export interface FileSecretsOptions {
  /** The folder with one file for each secret, such as `/run/secrets`. */
  readonly directory: string
}

/** Longest secret that is read, in bytes. */
const LONGEST = 65_536
/** Others may write it. */
const WRITABLE_BY_ALL = 0o002

/** A name that is a file of the folder, and no path out of it. */
function isFileName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)
}

async function read(file: FileHandle, name: string): Promise<string> {
  const facts = await file.stat()
  if (!facts.isFile()) throw new SecretUnusableError(name, 'it is no file.')
  if (process.platform !== 'win32' && (facts.mode & WRITABLE_BY_ALL) !== 0)
    throw new SecretUnusableError(name, 'everybody may write its file. Take that right away: chmod o-w.')
  const { bytesRead, buffer } = await file.read(Buffer.alloc(LONGEST + 1), 0, LONGEST + 1, 0)
  if (bytesRead > LONGEST) throw new SecretUnusableError(name, `it is longer than ${LONGEST} bytes.`)
  return decode(buffer.subarray(0, bytesRead), name)
}

function decode(bytes: Buffer, name: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SecretUnusableError(name, 'it is no UTF-8 text. Store bytes as base64.')
  }
  // Editors and `echo` end a file with a line break that nobody means.
  const value = text.replace(/\r?\n$/, '')
  if (value.trim() === '') throw new SecretUnusableError(name, 'its file is empty.')
  return value
}

/**
 * Secrets in files, one for each, as Docker and Kubernetes mount them. A line break at the end does not count. A file is
 * read each time, so one that is replaced is seen.
 */
export function fileSecrets({ directory }: FileSecretsOptions): SecretsProvider {
  return {
    async get(name) {
      if (!isFileName(name))
        throw new SecretUnusableError(
          name,
          'a name has letters, digits, _, . and - and begins with no . or -.',
        )
      const path = join(directory, name)
      let file: FileHandle
      try {
        file = await open(path, 'r')
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') throw new SecretNotFoundError(name, `there is no file ${path}.`)
        throw new SecretUnusableError(name, `its file cannot be opened (${code}).`)
      }
      try {
        return new Secret(await read(file, name))
      } finally {
        await file.close()
      }
    },
  }
}
