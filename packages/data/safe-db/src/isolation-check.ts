import { unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import type { ResolvedAskingOptions } from './asking-options.ts'
import type { Connection } from './connections/connection.ts'

/** Roles that are not there or cannot be become, and those for whom no policy holds. */
const ROLES = `select name,
    r.oid is null or not pg_has_role(session_user, r.oid, 'member') as missing,
    coalesce(r.rolsuper or r.rolbypassrls, false) as bypasses
  from unnest($1::text[]) as name left join pg_catalog.pg_roles r on r.rolname = name`

/** Schemas that are not there, and those in which a role of ours may put what others then use by name. */
const SCHEMAS = `select name, n.oid is null as missing,
    coalesce(exists (
      select from unnest($2::text[] || current_user::text) as role
      join pg_catalog.pg_roles r on r.rolname = role where not r.rolsuper and has_schema_privilege(r.oid, n.oid, 'create')
    ), false) as open
  from unnest($1::text[]) as name left join pg_catalog.pg_namespace n on n.nspname = name`

/**
 * Tables whose policies hold for nobody (they were never enabled), or not for one of our roles (it owns the table, and they
 * are not forced).
 */
const POLICIES = `select n.nspname || '.' || c.relname as name, not c.relrowsecurity as disabled
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and (
    (not c.relrowsecurity and exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid)) or
    (c.relrowsecurity and not c.relforcerowsecurity and exists (
      select from unnest($1::text[] || current_user::text) as role
      join pg_catalog.pg_roles r on r.rolname = role where not r.rolsuper and pg_has_role(r.oid, c.relowner, 'usage')
    )))
  order by 1 limit 5`

interface Finding {
  readonly name: string
  readonly missing?: boolean
  readonly bypasses?: boolean
  readonly open?: boolean
  readonly disabled?: boolean
}

function list(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
}

async function ask(connection: Connection, text: string, values: readonly string[]): Promise<Finding[]> {
  const answers = await connection.run([{ text, values }])
  return (answers.at(-1)?.rows ?? []) as unknown as Finding[]
}

const namesOf = (findings: readonly Finding[]): string => findings.map(({ name }) => name).join(', ')

/**
 * Checks that policies hold for the roles that statements run as, and that nobody can put something in their search path.
 *
 * @throws PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION
 */
export async function checkIsolation(
  app: FastifyInstance,
  connection: Connection,
  option: 'dsn' | 'readDsn',
  { roles, searchPath = [] }: Pick<ResolvedAskingOptions, 'roles' | 'searchPath'>,
): Promise<void> {
  const unsafe = (findings: readonly Finding[], complaint: string): void => {
    if (findings.length > 0) unsafeSetting(app, `db.${option}: ${complaint.replace('%s', namesOf(findings))}`)
  }
  const ofRoles = await ask(connection, ROLES, [list(roles)])
  unsafe(
    ofRoles.filter(({ missing }) => missing),
    'db.roles names %s, which its role may not become. Grant it to the role of the connection string.',
  )
  unsafe(
    ofRoles.filter(({ bypasses }) => bypasses),
    'db.roles names %s, a superuser or one with BYPASSRLS, so row-level security does not hold for it.',
  )
  const ofSchemas = await ask(connection, SCHEMAS, [list(searchPath), list(roles)])
  unsafe(
    ofSchemas.filter(({ missing }) => missing),
    'db.searchPath names the schema %s, which is not there.',
  )
  unsafe(
    ofSchemas.filter(({ open }) => open),
    'db.searchPath names the schema %s, in which its roles may create tables and functions that others then use by name. Revoke create on it.',
  )
  const ofTables = await ask(connection, POLICIES, [list(roles)])
  unsafe(
    ofTables.filter(({ disabled }) => disabled),
    'policies of %s hold for nobody. Say alter table … enable row level security.',
  )
  unsafe(
    ofTables.filter(({ disabled }) => disabled === false),
    'policies of %s do not hold for their owner, as whom statements run. Say alter table … force row level security, or use a role that owns no table.',
  )
}
