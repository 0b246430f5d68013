import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { issueToken } from './authentication.ts'
import type { ShopDatabase } from './database/database.ts'
import { addCustomer, findAccount } from './database/queries/users.ts'
import type { UserRow } from './database/rows.ts'
import { ShopError } from './errors.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

/** What a login gives. */
export interface Session {
  readonly token: string
  readonly user: UserRow
}

const MIN_PASSWORD = 12
const MAX_PASSWORD = 256

/** Compares the password and issues a token. The answer is the same for a wrong password and an unknown account. */
export async function login(
  app: FastifyInstance,
  db: ShopDatabase,
  log: FastifyBaseLogger,
  email: string,
  password: string,
): Promise<Session> {
  const account = await findAccount(db, email.slice(0, MAX_PASSWORD))
  const matches = await verifyPassword(password.slice(0, MAX_PASSWORD), account?.passwordHash)
  if (!account || !matches) {
    log.warn({ email }, 'A login was refused')
    throw new ShopError('UNAUTHENTICATED', 'Email or password is wrong')
  }
  const { passwordHash: _, ...user } = account
  // Who signs in is known from the next request on, and their phone and social security number with it.
  return { token: issueToken(app, user), user: { ...user, phone: null, ssn: null } }
}

/** Opens a customer's account in the tenant and signs it in. */
export async function register(
  app: FastifyInstance,
  db: ShopDatabase,
  tenantId: string,
  customer: { name: string; email: string; password: string },
): Promise<Session> {
  const { name, email, password } = customer
  if (name.trim() === '' || name.length > 100)
    throw new ShopError('BAD_USER_INPUT', 'The name has to have 1 to 100 characters')
  if (!/^[^\s@]{1,64}@[^\s@]{1,189}$/.test(email))
    // Says what was typed, as forms do; what of it is personal does not get past pii-masking.
    throw new ShopError('BAD_USER_INPUT', `No email address: ${email.slice(0, 100)}`)
  if (password.length < MIN_PASSWORD || password.length > MAX_PASSWORD) {
    throw new ShopError(
      'BAD_USER_INPUT',
      `The password has to have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
    )
  }
  const user = await addCustomer(db, tenantId, {
    name,
    email,
    passwordHash: await hashPassword(password),
  })
  if (!user) throw new ShopError('CONFLICT', 'This address has an account already')
  return { token: issueToken(app, user), user }
}
