import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Kind, Location } from 'graphql'
import type { DocumentNode } from 'graphql'
import { knownSchema } from '../doors/known-schema.ts'
import { mercuriusOf } from '../doors/mercurius-engine.ts'
import type { MercuriusContext, PreExecution, PreSubscription } from '../doors/mercurius-engine.ts'
import { AstNotAllowed } from '../errors.ts'
import { requestById, requestByJudgement } from '../sockets/operations-of.ts'
import { gateStateOf } from '../state.ts'
import { judgeAtEngine } from './judge-at-engine.ts'
import { ledgerOf } from './request-ledger.ts'
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

/** The hook of mercurius: ends the execution with an error of a status and `extensions`, as mercurius answers best. */
const portcullisPreExecution: PreExecution = async (schema, document, context, variables) => {
  const given = context.reply?.request ?? context.request
  // Without a request it is the app's own call of app.graphql(), not a client's.
  if (given === undefined) return keepFromCompiling(document)
  const source = sourceOf(given, document, context)
  // mercurius hands over an empty string where a query string has empty variables.
  const sent = variables || {}
  const request = requestByJudgement(given, { source: source ?? '', variables: sent })
  // Resolvers that run from here on are the operation's, not the socket's.
  if (request !== given) context.request = request
  const refused = await judgeAtEngine(
    { request, reply: context.reply },
    {
      schema: knownSchema(schema, 'mercurius'),
      document,
      source,
      variables: sent,
      operationName: nameOf(ledgerOf(request), context),
      problem: source === undefined ? rejection('graphqlGate', new AstNotAllowed()) : undefined,
    },
  )
  if (refused !== undefined) throw refused
  return keepFromCompiling(document)
}

/** mercurius gives the request of the socket to the resolvers of a subscription; each gets that of its operation. */
const portcullisPreSubscription: PreSubscription = (_schema, _document, context, id) => {
  if (context.request !== undefined) context.request = requestById(context.request, id)
  return Promise.resolve()
}

/** Guards the engine that a scope sees, once. */
export function guardEngine(scope: FastifyInstance): void {
  const engine = mercuriusOf(scope)
  const { engines } = gateStateOf(scope)
  if (engine === undefined || engines.has(engine)) return
  knownSchema(engine.schema, 'mercurius')
  engines.add(engine)
  engine.addHook('preExecution', portcullisPreExecution)
  engine.addHook('preSubscriptionExecution', portcullisPreSubscription)
}
