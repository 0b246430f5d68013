import { createHash } from 'node:crypto'
import { UnsafeIdentifierError } from './errors.ts'
import type { ContextKey } from './core/sign-context.ts'

/** Whom {@link hardeningSql} is for. */
export interface HardeningRoles {
  /** The role that the connection string logs in as. It alone may set a context. */
  readonly login: string
  /** The roles that statements run as: those of the `roles` option. */
  readonly roles: readonly string[]
  /** The database. */
  readonly database: string
}

const MAX_IDENTIFIER = 63
const MAX_LITERAL = 200
const BLOCK = 64

function quote(name: string): string {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > MAX_IDENTIFIER || !name.isWellFormed() || name.includes('\u0000')) {
    throw new UnsafeIdentifierError(`a name has 1 to ${MAX_IDENTIFIER} bytes of well-formed text`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  if (text.length > MAX_LITERAL || !/^[\w-]*$/.test(text))
    throw new UnsafeIdentifierError('the id of a key has letters, digits, _ and -')
  return `'${text}'`
}

/** Locks of a session outlive a transaction, and with it whoever took them. */
const SESSION_LOCKS = [
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_try_advisory_lock',
  'pg_try_advisory_lock_shared',
]
/** What a statement could reach beyond its own transaction: other sessions of its role, and rows without policies. */
const REACHING = [
  'pg_cancel_backend(int)',
  'pg_terminate_backend(int, bigint)',
  'pg_advisory_unlock_all()',
  'lo_create(oid)',
  'lo_creat(int)',
  'lo_from_bytea(oid, bytea)',
  'lo_open(oid, int)',
  'lo_get(oid)',
  'lo_put(oid, bigint, bytea)',
  'lo_unlink(oid)',
]

/**
 * SQL for the owner of the server to run once, so that a statement that was injected cannot change who asks: contexts are
 * set by the login role alone, in the packet of each statement, which then runs as one of `roles`. For PostgreSQL 14 and
 * newer; where the server does not let you revoke what belongs to it, see {@link signedContextSql}.
 *
 * @throws UNSAFE_IDENTIFIER for names that are none
 */
export function hardeningSql({ login, roles, database }: HardeningRoles): string {
  const locks = SESSION_LOCKS.flatMap((name) => [`${name}(bigint)`, `${name}(int, int)`])
  const revoked = ['set_config(text, text, boolean)', ...locks, ...REACHING]
  return [
    ...revoked.map((name) => `revoke execute on function pg_catalog.${name} from public;`),
    `grant execute on function pg_catalog.set_config(text, text, boolean) to ${quote(login)};`,
    // Its rule calls set_config with the rights of the view's owner.
    'revoke update on pg_catalog.pg_settings from public;',
    `revoke temporary, create on database ${quote(database)} from public;`,
    'revoke create on schema public from public;',
    // What the login role has of others comes of `set role` alone.
    `alter role ${quote(login)} noinherit;`,
    ...roles.map((role) => `grant ${quote(role)} to ${quote(login)};`),
  ].join('\n')
}

/** Whom {@link signedContextSql} is for. */
export interface SignedContextRoles {
  /** Roles whose policies call `portcullis.context()`. */
  readonly roles: readonly string[]
  /** The keys that contexts are signed with; those that are not named any more are forgotten. */
  readonly keys: readonly Pick<ContextKey, 'id' | 'secret'>[]
}

function padded(secret: string, byte: number): string {
  const bytes = Buffer.from(secret)
  const key = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  const block = Buffer.alloc(BLOCK)
  key.copy(block)
  return `'\\x${Buffer.from(block.map((one) => one ^ byte)).toString('hex')}'`
}

/**
 * SQL for the owner of the tables to run, and again when keys change: the function `portcullis.context()`, which gives the
 * settings of a signed context as `jsonb`, `null` where there is none, and fails (42501) for one that was forged or is too
 * old. A policy reads it once for all rows with a subquery:
 * `using (tenant = (select portcullis.context() ->> 'app.current_tenant_id'))`.
 *
 * The text holds the keys: do not keep it. Uses no extension: HMAC-SHA-256 is made of `sha256`.
 *
 * @throws UNSAFE_IDENTIFIER for names that are none
 */
export function signedContextSql({ roles, keys }: SignedContextRoles): string {
  const rows = keys.map(
    ({ id, secret }) => `(${literal(id)}, ${padded(secret, 0x36)}, ${padded(secret, 0x5c)})`,
  )
  const to = roles.map(quote).join(', ')
  return `create schema if not exists portcullis;
create table if not exists portcullis.context_keys (id text primary key, inner_pad bytea not null, outer_pad bytea not null);
revoke all on portcullis.context_keys from public, ${to};
delete from portcullis.context_keys;
insert into portcullis.context_keys values ${rows.join(', ')};
create or replace function portcullis.context() returns jsonb
  language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp
as $function$
declare
  token text := current_setting('portcullis.context', true);
  parts text[] := string_to_array(token, ':');
  signed text;
  key portcullis.context_keys;
begin
  if token is null or token = '' then return null; end if;
  select * into key from portcullis.context_keys where id = parts[2];
  signed := parts[1] || ':' || parts[2] || ':' || parts[3] || ':' || parts[4];
  -- Hashes of both are compared, so that the time it takes tells nothing of either.
  if not found or cardinality(parts) <> 5 or parts[1] <> 'v1' or parts[3] !~ '^[0-9]{1,12}$' or
    sha256(convert_to(encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(signed, 'UTF8'))), 'hex'), 'UTF8'))
      <> sha256(convert_to(parts[5], 'UTF8')) or
    parts[3]::bigint < extract(epoch from transaction_timestamp()) then
    raise exception 'the context is not valid' using errcode = '42501';
  end if;
  return convert_from(decode(parts[4], 'base64'), 'UTF8')::jsonb;
end
$function$;
revoke all on function portcullis.context() from public;
grant usage on schema portcullis to ${to};
grant execute on function portcullis.context() to ${to};`
}
