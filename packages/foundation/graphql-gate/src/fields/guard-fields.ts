import type { FastifyInstance, FastifyRequest } from 'fastify'
import { defaultFieldResolver, isObjectType } from 'graphql'
import type { GraphQLField, GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'
import { currentExchange, requestInContext } from './current-request.ts'
import type { Running } from './current-request.ts'
import { handlersOf } from './field-step.ts'
import type { FieldCall, FieldHandler, FieldHandlers, FieldTarget } from './field-step.ts'

type Resolver = GraphQLFieldResolver<unknown, unknown>
type Field = GraphQLField<unknown, unknown>

const NONE: FieldHandlers = { resolve: [], subscribe: [] }

/** Resolvers of ours, and what they wrap: a schema that was made from a guarded one has them already. */
const inner = new WeakMap<Resolver, Resolver>()

function unwrap(resolver: Resolver): Resolver {
  const within = inner.get(resolver)
  return within === undefined ? resolver : unwrap(within)
}

/** The handlers of a field that a request does not pass. */
function handlersLeft(handlers: readonly FieldHandler[], request: FastifyRequest): readonly FieldHandler[] {
  return handlers.filter(({ passes }) => passes?.(request) !== true)
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
class FieldGuard {
  readonly #target: FieldTarget
  readonly #handlers = new Map<FastifyInstance, FieldHandlers>()
  /** The call whose resolver is running just now. */
  #running: GraphQLResolveInfo | undefined
  #scope: FastifyInstance | undefined
  #ofScope: FieldHandlers = NONE

  constructor(target: FieldTarget) {
    this.#target = target
  }

  wrap(kind: Kind, given: Resolver | undefined): Resolver {
    const resolver = unwrap(given ?? defaultFieldResolver)
    const leftIn = this.#remembering(kind)
    const wrapped: Resolver = (source, args, context, info) => {
      const running = currentExchange()
      const request = running === undefined ? requestInContext(context) : running.request
      const handlers = running === undefined ? this.#handlersOutside(kind, request) : leftIn(running)
      // A resolver that was set later may call the one it replaced (Apollo Server wraps all of them): once is enough.
      if (handlers.length === 0 || this.#running === info) return resolver(source, args, context, info)
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

  /** Nearly all calls come in the exchange of the call before, in which the same handlers are left to run. */
  #remembering(kind: Kind): (running: Running) => readonly FieldHandler[] {
    let remembered: object | undefined
    let left: readonly FieldHandler[] = []
    return ({ request, passes: { scope, mark } }) => {
      if (mark === remembered) return left
      left = handlersLeft(this.handlersFor(scope)[kind], request)
      remembered = mark
      return left
    }
  }

  /** The handlers that are left to run outside of exchanges; without a request, whatever any scope does holds. */
  #handlersOutside(kind: Kind, request: FastifyRequest | undefined): readonly FieldHandler[] {
    if (request !== undefined) return handlersLeft(this.handlersFor(request.server)[kind], request)
    return [...new Set([...this.#handlers.values()].flatMap((handlers) => handlers[kind]))]
  }

  handlersFor(scope: FastifyInstance): FieldHandlers {
    // Nearly all calls come from the scope of the call before.
    if (scope === this.#scope) return this.#ofScope
    const handlers = this.#handlers.get(scope) ?? handlersOf(scope, this.#target)
    this.#handlers.set(scope, handlers)
    this.#scope = scope
    this.#ofScope = handlers
    return handlers
  }
}

const GUARD = Symbol('portcullis.field-guard')

/** A field whose resolvers are wrapped, also those that are set later (mercurius' defineResolvers). */
interface GuardedField extends Field {
  readonly [GUARD]: { readonly guard: FieldGuard } & Record<Kind, Resolver | undefined>
}

function accessor(kind: Kind): PropertyDescriptor & ThisType<GuardedField> {
  return {
    get() {
      return this[GUARD][kind]
    },
    set(given: Resolver | undefined) {
      this[GUARD][kind] = this[GUARD].guard.wrap(kind, given)
    },
    enumerable: true,
    configurable: true,
  }
}

const prototypes = new WeakMap<object, object>()

/**
 * The prototype of guarded fields. Accessors on each field itself would make every field an object of its own kind,
 * which costs engines more to read than all that a guard does.
 */
function prototypeFor(field: Field): object {
  const base = Object.getPrototypeOf(field) as object
  const known = prototypes.get(base)
  if (known !== undefined) return known
  const made = Object.create(base, {
    resolve: accessor('resolve'),
    subscribe: accessor('subscribe'),
  }) as object
  prototypes.set(base, made)
  return made
}

/** Puts a guarded field in the place of a field of its type. */
function guardField(target: FieldTarget): GuardedField {
  const { type, field, schema } = target
  const { resolve, subscribe, ...others } = field
  const guard = new FieldGuard(target)
  // Only the root fields of subscriptions are started; others have no use for it.
  const starts = type === schema.getSubscriptionType() || subscribe !== undefined
  const resolvers = {
    guard,
    resolve: guard.wrap('resolve', resolve),
    subscribe: starts ? guard.wrap('subscribe', subscribe) : subscribe,
  }
  const made = Object.assign(
    Object.create(prototypeFor(field)) as GuardedField,
    { [GUARD]: resolvers },
    others,
  )
  type.getFields()[field.name] = made
  return made
}

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
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const target: FieldTarget = { schema, type, field }
      const isGuarded = GUARD in field
      if (!isGuarded && handlersOf(scope, target).resolve.length === 0) continue
      const { guard } = (isGuarded ? (field as GuardedField) : guardField(target))[GUARD]
      guard.handlersFor(scope)
    }
  }
  seen.set(schema, scopes.add(scope))
}
