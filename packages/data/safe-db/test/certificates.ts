import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestDatabase } from './database.ts'

/** A certificate that is its own authority, and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Makes a certificate for a name. */
export async function certificateFor(name: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'safe-db-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  await promisify(execFile)('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject])
  const made = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  await rm(folder, { recursive: true })
  return made
}

/** Has a server of PostgreSQL speak TLS with a certificate. */
export async function giveCertificate(database: TestDatabase, { cert, key }: Certificate): Promise<void> {
  const [setting] = await database.admin('show data_directory')
  const data = String(setting?.['data_directory'])
  const owner = await stat(data)
  for (const [name, text] of [
    ['server.key', key],
    ['server.crt', cert],
  ] as const) {
    const path = join(data, name)
    await writeFile(path, text)
    await chmod(path, 0o600)
    await chown(path, owner.uid, owner.gid)
  }
  await database.admin('alter system set ssl = on')
  await database.server.restart()
}
