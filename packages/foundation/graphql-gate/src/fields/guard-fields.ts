import type { FastifyInstance } from 'fastify'
import { defaultFieldResolver, isObjectType } from 'graphql'
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'
import { requestOf } from './current-request.ts'
import { handlersOf } from './field-step.ts'
import type { FieldHandler, FieldTarget } from './field-step.ts'

type Resolver = GraphQLFieldResolver<unknown, unknown>

/** Resolvers of ours, and what they wrap: a schema that was made from a guarded one has them already. */
const inner = new WeakMap<Resolver, Resolver>()

function unwrap(resolver: Resolver): Resolver {
  const within = inner.get(resolver)
  return within === undefined ? resolver : unwrap(within)
}

/** What guards one field, by scope: scopes share schemas. */
class GuardedField {
  readonly #target: FieldTarget
  readonly #handlers = new Map<FastifyInstance, readonly FieldHandler[]>()
  /** Calls whose resolver is running just now. */
  readonly #running = new WeakSet<GraphQLResolveInfo>()

  constructor(target: FieldTarget) {
    this.#target = target
    let resolve = this.#wrap(target.field.resolve)
    // An accessor: resolvers that are set later (mercurius' defineResolvers) are wrapped as well.
    Object.defineProperty(target.field, 'resolve', {
      get: () => resolve,
      set: (resolver: Resolver | undefined) => {
        resolve = this.#wrap(resolver)
      },
      enumerable: true,
      configurable: true,
    })
  }

  #wrap(given: Resolver | undefined): Resolver {
    const resolver = unwrap(given ?? defaultFieldResolver)
    const wrapped: Resolver = (source, args, context, info) => {
      // A resolver that was set later may call the one it replaced (Apollo Server wraps all of them): once is enough.
      if (this.#running.has(info)) return resolver(source, args, context, info)
      const request = requestOf(context)
      const handlers = request === undefined ? this.#everyHandler() : this.handlersFor(request.server)
      const call = { request, source, args, info }
      const resolve = (): unknown => {
        this.#running.add(info)
        try {
          return resolver(source, args, context, info)
        } finally {
          this.#running.delete(info)
        }
      }
      return handlers.reduceRight<() => unknown>((next, handler) => () => handler(call, next), resolve)()
    }
    inner.set(wrapped, resolver)
    return wrapped
  }

  handlersFor(scope: FastifyInstance): readonly FieldHandler[] {
    const known = this.#handlers.get(scope)
    if (known !== undefined) return known
    const handlers = handlersOf(scope, this.#target)
    this.#handlers.set(scope, handlers)
    return handlers
  }

  /** Without a request, whatever any scope does holds. */
  #everyHandler(): readonly FieldHandler[] {
    return [...new Set([...this.#handlers.values()].flat())]
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
      if (known === undefined && handlersOf(scope, target).length === 0) continue
      const one = known ?? new GuardedField(target)
      fields.set(field, one)
      one.handlersFor(scope)
    }
  }
  seen.set(schema, scopes.add(scope))
}
