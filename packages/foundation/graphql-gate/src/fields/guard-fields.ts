import type { FastifyInstance } from 'fastify'
import { defaultFieldResolver, isObjectType } from 'graphql'
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'
import { requestOf } from './current-request.ts'
import { handlersOf } from './field-step.ts'
import type { FieldCall, FieldHandler, FieldHandlers, FieldTarget } from './field-step.ts'

type Resolver = GraphQLFieldResolver<unknown, unknown>

/** Resolvers of ours, and what they wrap: a schema that was made from a guarded one has them already. */
const inner = new WeakMap<Resolver, Resolver>()

function unwrap(resolver: Resolver): Resolver {
  const within = inner.get(resolver)
  return within === undefined ? resolver : unwrap(within)
}

/** Runs the handlers from one of them on around a resolver. One or two are the rule, and need no more functions. */
function runAround(
  handlers: readonly FieldHandler[],
  from: number,
  call: FieldCall,
  resolve: () => unknown,
): unknown {
  const handler = handlers[from]
  if (handler === undefined) return resolve()
  if (from === handlers.length - 1) return handler(call, resolve)
  return handler(call, () => runAround(handlers, from + 1, call, resolve))
}

type Kind = keyof FieldHandlers

/** What guards one field, by scope: scopes share schemas. */
class GuardedField {
  readonly #target: FieldTarget
  readonly #handlers = new Map<FastifyInstance, FieldHandlers>()
  /** The call whose resolver is running just now. */
  #running: GraphQLResolveInfo | undefined

  constructor(target: FieldTarget) {
    this.#target = target
    this.#guard('resolve')
    // Only the root fields of subscriptions are started; others have no use for it.
    if (target.schema.getSubscriptionType() === target.type) this.#guard('subscribe')
  }

  #guard(kind: Kind): void {
    const { field } = this.#target
    let resolver = this.#wrap(kind, field[kind])
    // An accessor: resolvers that are set later (mercurius' defineResolvers) are wrapped as well.
    Object.defineProperty(field, kind, {
      get: () => resolver,
      set: (given: Resolver | undefined) => {
        resolver = this.#wrap(kind, given)
      },
      enumerable: true,
      configurable: true,
    })
  }

  #wrap(kind: Kind, given: Resolver | undefined): Resolver {
    const resolver = unwrap(given ?? defaultFieldResolver)
    const wrapped: Resolver = (source, args, context, info) => {
      // A resolver that was set later may call the one it replaced (Apollo Server wraps all of them): once is enough.
      if (this.#running === info) return resolver(source, args, context, info)
      const request = requestOf(context)
      const handlers =
        request === undefined ? this.#everyHandler(kind) : this.handlersFor(request.server)[kind]
      const call: FieldCall = { request, source, args, info, withheld: false }
      return runAround(handlers, 0, call, () => {
        const outer = this.#running
        this.#running = info
        try {
          return resolver(source, args, context, info)
        } finally {
          this.#running = outer
        }
      })
    }
    inner.set(wrapped, resolver)
    return wrapped
  }

  handlersFor(scope: FastifyInstance): FieldHandlers {
    const known = this.#handlers.get(scope)
    if (known !== undefined) return known
    const handlers = handlersOf(scope, this.#target)
    this.#handlers.set(scope, handlers)
    return handlers
  }

  /** Without a request, whatever any scope does holds. */
  #everyHandler(kind: Kind): readonly FieldHandler[] {
    return [...new Set([...this.#handlers.values()].flatMap((handlers) => handlers[kind]))]
  }
}

const guarded = new WeakMap<GraphQLSchema, Map<object, GuardedField>>()
const seen = new WeakMap<GraphQLSchema, WeakSet<FastifyInstance>>()

/**
 * Wraps the fields of a schema that a step of the scope wants to see. Asked before each execution with the schema that
 * runs, because servers replace theirs; a schema that was seen in a scope before is a look-up.
 *
 * @throws what a step's `plan` throws, for a schema that it cannot hold for
 */
export function guardFields(scope: FastifyInstance, schema: GraphQLSchema | undefined): void {
  if (schema === undefined || gateStateOf(scope).fieldSteps.all().length === 0) return
  const scopes = seen.get(schema) ?? new WeakSet<FastifyInstance>()
  if (scopes.has(scope)) return
  const fields = guarded.get(schema) ?? new Map<object, GuardedField>()
  guarded.set(schema, fields)
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const target: FieldTarget = { schema, type, field }
      const known = fields.get(field)
      if (known === undefined && handlersOf(scope, target).resolve.length === 0) continue
      const one = known ?? new GuardedField(target)
      fields.set(field, one)
      one.handlersFor(scope)
    }
  }
  seen.set(schema, scopes.add(scope))
}
