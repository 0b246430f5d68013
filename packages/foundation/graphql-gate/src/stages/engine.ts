import { beginExecution, recordRefusal } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Kind, Location } from 'graphql'
import type { DocumentNode } from 'graphql'
import { describeOperation } from '../core/operation.ts'
import { doorOf } from '../doors/door-of.ts'
import { knownSchema } from '../doors/known-schema.ts'
import { mercuriusOf } from '../doors/mercurius-engine.ts'
import type { MercuriusContext, PreExecution } from '../doors/mercurius-engine.ts'
import { AstNotAllowed } from '../errors.ts'
import { gateStateOf } from '../state.ts'
import { guardFields } from '../fields/guard-fields.ts'
import { judge } from './judge.ts'
import { methodProblem } from './method-problem.ts'
import { isOverGet } from './read-request.ts'
import { ledgerOf, takeJudgement } from './request-ledger.ts'
import type { RequestLedger } from './request-ledger.ts'
import { rejection } from './rejection.ts'

/**
 * The text that a document was parsed from, as far as the engine still knows it. A tree that a client sent as JSON may
 * claim any, so only a location that graphql made itself counts, or the text that mercurius was given to parse.
 */
function sourceOf(
  request: FastifyRequest,
  document: DocumentNode,
  context: MercuriusContext,
): string | undefined {
  if (document.loc instanceof Location) return document.loc.source.body
  const { __currentQuery: current } = context
  const isText =
    typeof current === 'string' && gateStateOf(request.server).documents.get(current) !== undefined
  return isText ? current : undefined
}

/**
 * mercurius compiles a document for the operation it was first asked for and then runs that one under every name, so
 * a document with several operations is handed back to it, which keeps it from compiling.
 */
function keepFromCompiling(document: DocumentNode): ReturnType<PreExecution> {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  return Promise.resolve(operations.length > 1 ? { document } : undefined)
}

/** mercurius tells its hook no operation name; the entry that the operation came from does. */
function nameOf(ledger: RequestLedger, context: MercuriusContext): string | undefined {
  return ledger.entries?.[context.operationId ?? 0]?.operationName
}

/** Ends the execution in the way mercurius answers best: an error with a status and `extensions`. */
async function stop(request: FastifyRequest, context: MercuriusContext, refusal: Refusal): Promise<boolean> {
  if (!(await recordRefusal(request, refusal))) return false
  for (const [name, value] of Object.entries(refusal.headers ?? {})) void context.reply?.header(name, value)
  throw refusal.error
}

/**
 * The hook of an engine: judges operations that were not known when the request arrived (stored documents,
 * `reply.graphql()` in any route, queries over WebSocket). The rest was judged before, each judgement good once.
 */
const portcullisPreExecution: PreExecution = async (schema, document, context, variables) => {
  const request = context.reply?.request ?? context.request
  // Without a request it is the app's own call of app.graphql(), not a client's.
  if (request === undefined) return keepFromCompiling(document)
  // The schema may have been replaced since the request was judged.
  guardFields(request.server, schema)
  // In a route of the app's own, its handler runs already.
  const isDoor = doorOf(request) !== undefined
  if (!isDoor) beginExecution(request)
  const ledger = ledgerOf(request)
  const source = sourceOf(request, document, context)
  // mercurius hands over an empty string where a query string has empty variables.
  const given = variables || {}
  if (source === undefined || !takeJudgement(ledger, source, given, isOverGet(request))) {
    const refuse = (refusal: Refusal): Promise<boolean> => stop(request, context, refusal)
    if (source === undefined) await refuse(rejection('graphqlGate', new AstNotAllowed()))
    const operation = describeOperation(document, given, nameOf(ledger, context))
    const problem = isDoor ? methodProblem(request, operation) : undefined
    if (problem !== undefined) await refuse(problem)
    await judge({ request, reply: context.reply }, knownSchema(schema, 'mercurius'), [operation], refuse)
  }
  beginExecution(request)
  return keepFromCompiling(document)
}

/** Guards the engine that a scope sees, once. */
export function guardEngine(scope: FastifyInstance): void {
  const engine = mercuriusOf(scope)
  const { engines } = gateStateOf(scope)
  if (engine === undefined || engines.has(engine)) return
  knownSchema(engine.schema, 'mercurius')
  engines.add(engine)
  engine.addHook('preExecution', portcullisPreExecution)
}
