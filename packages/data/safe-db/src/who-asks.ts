import { gateFactsOf } from '@portcullis/kernel'
import type { Access } from './asking-options.ts'
import type { WireStatement } from './connections/batch.ts'
import { checkContext, contextText, NO_CONTEXT } from './core/context.ts'
import type { CheckedContext, DatabaseContext } from './core/context.ts'
import { SIGNED_SETTING, signContext } from './core/sign-context.ts'
import { DatabaseContextMissingError } from './errors.ts'
import type { Caller } from './service.ts'

/** What the transaction of a statement begins with. */
export interface Beginning {
  /** Tells the transaction who asks and whether it only reads; empty where there is nothing to tell. */
  readonly statements: readonly WireStatement[]
  /** See {@link CheckedContext.hash}. */
  readonly hash: string
  /** See {@link CheckedContext.planKey}. */
  readonly planKey: string
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What a caller may do at this moment: of a GraphQL request, its operations decide, as far as they are known. */
export function accessOf({ request, options: { access } }: Caller): Access {
  if (access !== 'method') return access
  if (request === undefined) return 'write'
  const { graphqlOperations = [] } = gateFactsOf(request)
  if (graphqlOperations.length > 0) {
    return graphqlOperations.every(({ kind }) => kind === 'query') ? 'read' : 'write'
  }
  return READS.has(request.method) ? 'read' : 'write'
}

async function givenContext(caller: Caller): Promise<DatabaseContext | undefined> {
  const { request, options, system } = caller
  if (system !== undefined) return options.systemContext?.(system)
  if (request === undefined) {
    if (!options.requirePrincipal) return undefined
    throw new DatabaseContextMissingError('nobody is behind app.db; app.db.system(reason) says why')
  }
  const principal = await request.resolvePrincipal()
  if (options.requirePrincipal && principal.kind === 'anonymous') {
    throw new DatabaseContextMissingError('the request has no principal')
  }
  if (options.context !== undefined) {
    const context: unknown = await options.context(request)
    if (context === undefined) throw new DatabaseContextMissingError('context gave no object')
    return context as DatabaseContext
  }
  return {
    settings: {
      'app.current_user_id': principal.id ?? '',
      'app.current_tenant_id': principal.tenantId ?? '',
    },
  }
}

async function checkedContext(caller: Caller): Promise<CheckedContext> {
  const { roles, searchPath } = caller.options
  const given = await givenContext(caller)
  if (given === undefined) return searchPath === undefined ? NO_CONTEXT : checkContext({ searchPath }, roles)
  const needsPath = searchPath !== undefined && typeof given === 'object' && given?.searchPath === undefined
  return checkContext(needsPath ? { ...given, searchPath } : given, roles)
}

/** Settings of the app in one that is signed; what PostgreSQL itself reads stays as it is. */
function signed(caller: Caller, { names, values }: CheckedContext): Pick<CheckedContext, 'names' | 'values'> {
  const { signedContext: key } = caller.options
  const own = names.filter((name) => name.includes('.')).length
  if (key === undefined || own === 0) return { names, values }
  const token = signContext(names.slice(0, own), values.slice(0, own), key, Date.now())
  return { names: [SIGNED_SETTING, ...names.slice(own)], values: [token, ...values.slice(own)] }
}

/**
 * Finds out who asks and how to tell the database: by `set_config` with bound values, always local to the transaction.
 *
 * @throws DATABASE_CONTEXT_MISSING
 */
export async function beginningOf(caller: Caller, readOnly: boolean): Promise<Beginning> {
  const context = await checkedContext(caller)
  const { hash, planKey } = context
  const { names, values } = signed(caller, context)
  // The context's role comes last, so that this is still allowed.
  const all = readOnly ? ['transaction_read_only', ...names] : names
  if (all.length === 0) return { statements: [], hash, planKey }
  const statement = {
    text: contextText(all),
    values: readOnly ? ['on', ...values] : values,
    prepare: '',
    discard: true,
  }
  return { statements: [statement], hash, planKey }
}
