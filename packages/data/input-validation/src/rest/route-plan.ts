import type { RouteRecord } from '@portcullis/kernel'
import { NO_SCHEMA, planText } from '../core/canonical-text.ts'
import type { TextPlan } from '../core/canonical-text.ts'
import { compileSchema } from '../core/compile.ts'
import type { CompiledSchema, CompileOptions } from '../core/compile.ts'
import { isSchemaObject } from '../core/schema.ts'
import type { SharedSchemas } from '../core/schema.ts'
import { boundsOf } from '../core/profile.ts'
import type { Bounds } from '../core/inspect.ts'
import { isStandardSchema } from '../core/standard-schema.ts'
import type { StandardSchema } from '../core/standard-schema.ts'
import { InvalidSchemaError } from '../errors.ts'
import type { ResolvedInputValidationOptions } from '../options.ts'

/** The parts of a request that a schema may be for, as Fastify's request names them. */
const PARTS = ['params', 'body', 'query', 'headers'] as const

/** One of them. */
export type Part = (typeof PARTS)[number]

/** What holds for one part of a route's requests. */
export interface PartPlan {
  readonly json: CompiledSchema | undefined
  readonly standard: StandardSchema | undefined
  readonly text: TextPlan
}

/** What holds for the requests of a route. */
export interface RoutePlan {
  readonly parts: ReadonlyMap<Part, PartPlan>
  /** By media type, where the route has a schema for each. */
  readonly bodies: ReadonlyMap<string, PartPlan> | undefined
  /** Member names that schemas of the route have. */
  readonly names: ReadonlySet<string>
  readonly bounds: Bounds
}

function lowerCaseNames(schema: unknown): unknown {
  if (!isSchemaObject(schema)) return schema
  const { properties, required } = schema
  return {
    ...schema,
    ...(isSchemaObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name.toLowerCase(), one]),
          ),
        }
      : {}),
    ...(Array.isArray(required) ? { required: required.map((name) => String(name).toLowerCase()) } : {}),
  }
}

/** Fastify takes `{ name: schema }` for an object's properties where they are no schema. */
function wholeSchema(schema: unknown): unknown {
  if (!isSchemaObject(schema)) return schema
  const isSchema = [
    'type',
    '$ref',
    '$id',
    'oneOf',
    'anyOf',
    'allOf',
    'properties',
    'enum',
    'const',
    'not',
    'if',
  ]
  if (isSchema.some((keyword) => schema[keyword] !== undefined) || Object.keys(schema).length === 0)
    return schema
  throw new InvalidSchemaError(
    `The schema does not say what it is for (its keywords are ${Object.keys(schema).join(', ')}). Write { type: 'object', properties: { … } }.`,
  )
}

function planPart(schema: unknown, options: CompileOptions): PartPlan {
  if (isStandardSchema(schema)) return { json: undefined, standard: schema, text: NO_SCHEMA }
  if (typeof schema !== 'boolean' && !isSchemaObject(schema)) {
    throw new InvalidSchemaError('This is no schema: take a JSON Schema or a Standard Schema.')
  }
  const json = compileSchema(wholeSchema(schema), options)
  return { json, standard: undefined, text: planText(schema, json.resolve) }
}

function contentOf(body: unknown): Readonly<Record<string, unknown>> | undefined {
  return isSchemaObject(body) && !isStandardSchema(body) && isSchemaObject(body['content'])
    ? body['content']
    : undefined
}

/**
 * Compiles the schemas of a route.
 *
 * @param closed `false` for what another plugin declares, such as a GraphQL server: its schemas are taken as they are
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA naming the route and the part
 */
export function planRoute(
  route: RouteRecord,
  options: Readonly<ResolvedInputValidationOptions>,
  closed: boolean,
): RoutePlan {
  const { allow, mode } = options
  const shared = route.scope.getSchemas() as SharedSchemas
  const strict = closed && !allow.includes('unknownKeys')
  const parts = new Map<Part, PartPlan>()
  const declared = isSchemaObject(route.schema) ? route.schema : {}
  let bodies: Map<string, PartPlan> | undefined
  const plan = (part: Part, schema: unknown): PartPlan => {
    try {
      return planPart(schema, { closed: strict && part !== 'headers', defaults: mode !== 'measure', shared })
    } catch (error) {
      if (!(error instanceof InvalidSchemaError)) throw error
      throw new InvalidSchemaError(`${route.method} ${route.url}, schema of ${part}: ${error.message}`)
    }
  }
  for (const part of PARTS) {
    const schema = part === 'query' ? (declared['querystring'] ?? declared['query']) : declared[part]
    if (schema === undefined || schema === null) continue
    const content = part === 'body' ? contentOf(schema) : undefined
    if (content === undefined)
      parts.set(part, plan(part, part === 'headers' ? lowerCaseNames(schema) : schema))
    else {
      bodies = new Map()
      for (const [type, one] of Object.entries(content))
        bodies.set(type.toLowerCase(), plan('body', isSchemaObject(one) ? one['schema'] : undefined))
    }
  }
  const names = new Set<string>()
  for (const { json } of [...parts.values(), ...(bodies?.values() ?? [])])
    for (const name of json?.names ?? []) names.add(name)
  return { parts, bodies, names, bounds: boundsOf(options) }
}
