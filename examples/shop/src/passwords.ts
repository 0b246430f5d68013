import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Work factors of scrypt: about 50 ms and 16 MiB per hash. */
const PARAMETERS = { N: 16_384, r: 8, p: 1 }
const LENGTH = 32

/** Hashes a password with scrypt (RFC 7914). Returns `salt:hash`, both as hexadecimal text. */
export async function hashPassword(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  return `${salt.toString('hex')}:${(await derive(password, salt)).toString('hex')}`
}

/**
 * True where the password belongs to the stored hash. Without a hash (no such account) the same work is done,
 * so that the time of the answer does not tell which accounts exist.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [salt = '', hash = ''] = (stored ?? `${'00'.repeat(16)}:`).split(':')
  const expected = Buffer.from(hash, 'hex')
  const actual = await derive(password, Buffer.from(salt, 'hex'))
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, LENGTH, PARAMETERS, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
