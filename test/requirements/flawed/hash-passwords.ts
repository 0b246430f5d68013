import { verify } from '@node-rs/bcrypt'

/** The flaw: bcrypt is handed whatever comes, and reads 72 bytes of it. */
export async function verifyByBcrypt(password: string, stored: string): Promise<boolean> {
  return verify(password, stored)
}

/** The flaw: where there is no account there is no work, so that an answer which comes at once tells it. */
export async function loginIfKnown(
  password: string,
  stored: string | undefined,
  check: (password: string, stored: string) => Promise<boolean>,
): Promise<boolean> {
  return stored === undefined ? false : check(password, stored)
}

/** The flaw: a password is good when it has one of each kind of character. */
export function hasEachKind(password: string): boolean {
  const kinds = [/[A-Z]/, /[a-z]/, /\d/, /[!@#$%^&*()\-_=+[\]{}|;:,.<>?]/]
  return password.length >= 12 && kinds.every((kind) => kind.test(password))
}
