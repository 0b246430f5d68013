import { isPlainObject, isWithin, routesOf } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import { compileResponse } from '../core/response-plan.ts'
import type { CompiledResponse } from '../core/response-plan.ts'
import { classifying } from '../masker.ts'
import type { Masker } from '../masker.ts'

/** The compiled responses of a route, by status as the schema writes it (`200`, `2xx`, `default`). */
type Responses = ReadonlyMap<string, readonly CompiledResponse[]>

/** The compiled response schemas of an app. */
export interface ResponsePlans {
  /** Compiles every known route of the scope, so that what is wrong keeps the app from starting. */
  compileAll(): void
  /** What the schema of a route says of an answer with this status; empty where it says nothing. */
  for(route: RouteRecord, statusCode: number): readonly CompiledResponse[]
  /** Whether any response schema of a route classifies something. */
  isClassified(route: RouteRecord): boolean
}

interface ResponseSchema {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}

const REQUEST_PARTS = ['body', 'querystring', 'query', 'params', 'headers'] as const

/** Validators other than Ajv have schemas of their own, which are objects of classes. */
function isJsonSchema(schema: ResponseSchema | undefined): schema is ResponseSchema {
  return isPlainObject(schema)
}

function schemasOf(declared: ResponseSchema): readonly object[] {
  if (declared.content === undefined) return [declared]
  return Object.values(declared.content).flatMap(({ schema }) => schema ?? [])
}

/** Creates the plans of a registration, compiled when first asked for. */
export function createResponsePlans(masker: Masker): ResponsePlans {
  const compiled = new WeakMap<RouteRecord, Responses>()

  function compile(route: RouteRecord): Responses {
    const parts = (route.schema ?? {}) as Partial<Record<string, ResponseSchema>>
    const response = parts['response'] as Readonly<Record<string, ResponseSchema>> | undefined
    const shared = route.scope.getSchemas()
    // What a request sends is personal under the same names in an error, and wherever no type is known.
    for (const part of REQUEST_PARTS) {
      const where = `${route.method} ${route.url}, ${part}`
      for (const one of isJsonSchema(parts[part]) ? schemasOf(parts[part]) : [])
        compileResponse(one as Record<string, unknown>, shared, masker.classification, where, 'request')
    }
    const entries = Object.entries(response ?? {}).map(([status, declared]) => {
      const where = `${route.method} ${route.url}, response ${status}`
      const plans = schemasOf(declared).map((schema) =>
        compileResponse(schema as Record<string, unknown>, shared, masker.classification, where),
      )
      return [status.toLowerCase(), plans] as const
    })
    return new Map(entries)
  }

  function responsesOf(route: RouteRecord): Responses {
    const known = compiled.get(route)
    if (known !== undefined) return known
    const responses = classifying(() => compile(route))
    compiled.set(route, responses)
    return responses
  }

  return {
    compileAll() {
      for (const route of routesOf(masker.scope)) if (isWithin(route.scope, masker.scope)) responsesOf(route)
    },
    for(route, statusCode) {
      const responses = responsesOf(route)
      const status = String(statusCode)
      return responses.get(status) ?? responses.get(`${status[0]}xx`) ?? responses.get('default') ?? []
    },
    isClassified: (route) => [...responsesOf(route).values()].flat().some((one) => one.isClassified),
  }
}
