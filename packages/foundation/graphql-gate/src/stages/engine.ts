import { recordRefusal } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { DocumentNode } from 'graphql'
import { describeOperation } from '../core/operation.ts'
import { knownSchema } from '../doors/known-schema.ts'
import { mercuriusOf } from '../doors/mercurius-engine.ts'
import type { MercuriusContext, PreExecution } from '../doors/mercurius-engine.ts'
import { AstNotAllowed } from '../errors.ts'
import { gateStateOf } from '../state.ts'
import { judge } from './judge.ts'
import { ledgerOf, takeJudgement } from './request-ledger.ts'
import type { RequestLedger } from './request-ledger.ts'
import { rejection } from './rejection.ts'

/** The text that a document was parsed from, as far as the engine still knows it. */
function sourceOf(document: DocumentNode, context: MercuriusContext): string | undefined {
  const { __currentQuery: current } = context
  return document.loc?.source.body ?? (typeof current === 'string' ? current : undefined)
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
  if (request === undefined) return
  const ledger = ledgerOf(request)
  const source = sourceOf(document, context)
  if (source !== undefined && takeJudgement(ledger, source, variables ?? {})) return
  const refuse = (refusal: Refusal): Promise<boolean> => stop(request, context, refusal)
  // A document without its text was sent as a tree, past every bound on text.
  if (source === undefined) await refuse(rejection('graphqlGate', new AstNotAllowed()))
  const operation = describeOperation(document, variables ?? {}, nameOf(ledger, context))
  await judge({ request, reply: context.reply }, knownSchema(schema, 'mercurius'), [operation], refuse)
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
