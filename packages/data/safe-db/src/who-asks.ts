import { gateFactsOf } from '@portcullis/kernel'
import type { Principal } from '@portcullis/kernel'
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

/** Contexts of principals that need no asking; a request may send many statements. */
const ofPrincipals = new WeakMap<Principal, CheckedContext>()

function contextOfPrincipal(principal: Principal, { searchPath, roles }: Caller['options']): CheckedContext {
  const known = ofPrincipals.get(principal)
  if (known !== undefined) return known
  const settings = {
    'app.current_user_id': principal.id ?? '',
    'app.current_tenant_id': principal.tenantId ?? '',
  }
  const context = checkContext({ settings, searchPath }, roles)
  ofPrincipals.set(principal, context)
  return context
}

/** A context that the app gave, with the search path of the options where it has none. */
function checkGiven(given: unknown, { searchPath, roles }: Caller['options']): CheckedContext {
  const lacksPath = (given as Partial<DatabaseContext> | null | undefined)?.searchPath === undefined
  const isWhole = searchPath === undefined || typeof given !== 'object' || given === null || !lacksPath
  return checkContext(isWhole ? given : { ...given, searchPath }, roles)
}

async function checkedContext(caller: Caller): Promise<CheckedContext> {
  const { request, options, system } = caller
  const { searchPath, roles } = options
  const ofNobody = () => (searchPath === undefined ? NO_CONTEXT : checkContext({ searchPath }, roles))
  if (system !== undefined) {
    const { systemContext } = options
    return systemContext === undefined ? ofNobody() : checkGiven(await systemContext(system), options)
  }
  if (request === undefined) {
    if (!options.requirePrincipal) return ofNobody()
    throw new DatabaseContextMissingError('nobody is behind app.db; app.db.system(reason) says why')
  }
  const principal = await request.resolvePrincipal()
  if (options.requirePrincipal && principal.kind === 'anonymous') {
    throw new DatabaseContextMissingError('the request has no principal')
  }
  if (options.context === undefined) return contextOfPrincipal(principal, options)
  return checkGiven(await options.context(request), options)
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
    discard: true,
  }
  return { statements: [statement], hash, planKey }
}
