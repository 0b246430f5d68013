import type { FastifyInstance } from 'fastify'
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { rewriteAnswers } from '../answers/rewrite-response.ts'
import { isTimedOut } from '../answers/timeout-answer.ts'
import { readBody } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'
import { ExecutionTimeout } from '../errors.ts'
import { knownSchema } from '../doors/known-schema.ts'
import type { Exchange } from '../fields/current-request.ts'
import { boundEntries } from '../stages/bounds.ts'
import { judgeAtEngine, refuseAtEngine } from '../stages/judge-at-engine.ts'
import { judgeWhole } from '../stages/judge-whole.ts'
import { isUpload } from '../stages/read-request.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { spelledOut, spellOut } from '../stages/trust.ts'
import { addServer } from './add-server.ts'
import type { GraphqlServer } from '../doors/server-of.ts'
import { answerHeadByParts } from './head-answers.ts'
import { exchangeOf, refusedIn, refuseUnknownRoute } from './server-exchange.ts'
import { yogaGateOptions } from './server-options.ts'
import type { ServerGateOptions } from './server-options.ts'

export type { ServerGateOptions } from './server-options.ts'

/** What Yoga is about to run. */
interface YogaCall {
  readonly args: {
    readonly schema: GraphQLSchema
    readonly document: DocumentNode
    readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined
    readonly operationName?: string | null | undefined
  }
  readonly setResultAndStopExecution: (result: ExecutionResult) => void
}

/** A text that came in by a way the request's own hooks could not read is bounded before Yoga parses it. */
async function boundText(exchange: Exchange, query: unknown): Promise<GraphQLError | undefined> {
  if (typeof query !== 'string' || ledgerOf(exchange.request).bounded.has(query)) return undefined
  const entry = { query, variables: {}, operationName: undefined, hash: undefined, persisted: false }
  const refusal = boundEntries(exchange.request, [entry])
  const error = refusal === undefined ? undefined : await refuseAtEngine(exchange, refusal)
  return error === undefined ? undefined : refusedIn(exchange, error)
}

/** An upload is judged as a whole once Yoga has read it, as JSON bodies are before. */
async function judgeUpload(exchange: Exchange, params: unknown): Promise<GraphQLError | undefined> {
  const door = doorOf(exchange.request)
  if (door === undefined || !isUpload(exchange.request)) return undefined
  await spellOut(exchange.request, params, false)
  const error = await judgeWhole(exchange, door, readBody(params))
  return error === undefined ? undefined : refusedIn(exchange, error)
}

async function judgeCall(exchange: Exchange, { args }: YogaCall): Promise<GraphQLError | undefined> {
  const error = await judgeAtEngine(exchange, {
    schema: knownSchema(args.schema, 'GraphQL Yoga'),
    document: args.document,
    source: args.document.loc?.source.body,
    variables: args.variableValues ?? {},
    operationName: args.operationName || undefined,
  })
  return error === undefined ? undefined : refusedIn(exchange, error)
}

/** Judges what came with a request of the app, and refuses what came with none. */
async function guard(
  server: GraphqlServer,
  judgement: (exchange: Exchange) => Promise<GraphQLError | undefined>,
): Promise<GraphQLError | undefined> {
  const exchange = exchangeOf(server)
  if (exchange === 'of another app') return undefined
  return exchange === undefined ? refuseUnknownRoute(server) : judgement(exchange)
}

/**
 * The plugin that lets the gates of an app guard a GraphQL Yoga server: put it into the server's `plugins`, last. The
 * routes at Yoga's `graphqlEndpoint` become doors by themselves.
 *
 * @param app the scope in which the server's route is declared
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS at once; at boot PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE and
 * PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL
 */
export function yogaGate(app: FastifyInstance, options: ServerGateOptions = {}): Plugin {
  const { path } = yogaGateOptions.parse(options)
  const server = addServer(app, 'yoga', path ?? '/graphql')
  answerHeadByParts(app)
  const beforeRun = async (call: YogaCall): Promise<void> => {
    const error = await guard(server, (exchange) => judgeCall(exchange, call))
    if (error !== undefined) call.setResultAndStopExecution({ errors: [error] })
  }
  return {
    onYogaInit({ yoga }) {
      server.instance = yoga
      server.path = path ?? yoga.graphqlEndpoint
    },
    onSchemaChange({ schema }) {
      server.schema = schema
    },
    onRequestParse: () => ({
      async onRequestParseDone({ requestParserResult }) {
        const error = await guard(server, (exchange) => judgeUpload(exchange, requestParserResult))
        if (error !== undefined) throw error
      },
    }),
    async onParams({ params, setParams, setResult }) {
      const from = exchangeOf(server)
      const known = typeof from === 'object' ? spelledOut(from.request, params) : undefined
      if (known !== undefined) setParams(known)
      const error = await guard(server, (exchange) => boundText(exchange, params.query))
      if (error !== undefined) setResult({ errors: [error] })
    },
    onExecute: beforeRun,
    onSubscribe: beforeRun,
    onResultProcess(payload) {
      const exchange = exchangeOf(server)
      const { result } = payload
      if (typeof exchange !== 'object' || Symbol.asyncIterator in result) return
      const { request } = exchange
      payload.setResult(
        isTimedOut(request, result)
          ? { errors: [refusedIn(exchange, new ExecutionTimeout())] }
          : (rewriteAnswers(request, result) as typeof result),
      )
    },
  }
}
