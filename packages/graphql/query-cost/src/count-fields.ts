import { addFieldStep, isThenable } from '@portcullis/graphql-gate'
import type { FieldHandler } from '@portcullis/graphql-gate'
import type { FastifyInstance } from 'fastify'
import type { CostedField, CostedSchema } from './core/index.ts'
import { executionOf } from './execution.ts'
import type { Models } from './models.ts'

/** Values of a list as an array: they are counted before the engine reads them, and some can be read only once. */
function readable({ listDepth }: CostedField, value: unknown): unknown {
  const isList = listDepth > 0 && typeof value === 'object' && value !== null && Symbol.iterator in value
  return isList && !Array.isArray(value) ? [...(value as Iterable<unknown>)] : value
}

function isAsyncList({ listDepth }: CostedField, value: unknown): value is AsyncIterable<unknown> {
  return listDepth > 0 && typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function counting(costed: CostedSchema, field: CostedField): FieldHandler {
  return ({ request, info }, next) => {
    const execution = request === undefined ? undefined : executionOf(request)
    if (execution === undefined) return next()
    const { running } = execution
    const factor = running.call(costed, field, info)
    execution.check()
    const count = (returned: unknown): unknown => {
      if (isAsyncList(field, returned)) return countItems(returned)
      const value = readable(field, returned)
      running.result(field, value, factor)
      execution.check()
      return value
    }
    const countItems = async function* (source: AsyncIterable<unknown>): AsyncGenerator {
      for await (const item of source) {
        running.result(field, [item], factor)
        execution.check()
        yield item
      }
    }
    const returned = next()
    return isThenable(returned) ? Promise.resolve(returned).then(count) : count(returned)
  }
}

/** Whether a field can cost something: only such fields are wrapped. */
function canCost(field: CostedField, { directives }: CostedSchema): boolean {
  return !field.free || directives.size > 0
}

/** Counts what the operations of a scope cost while they execute, and ends those that pass their limit. */
export function countFields(app: FastifyInstance, models: Models): void {
  addFieldStep(app, {
    name: 'queryCost',
    phase: 'count',
    plan({ schema, type, field }) {
      const { costed } = models(schema)
      const [object] = costed.composites.get(type.name)?.possible ?? []
      const found = object?.fields.get(field.name)
      return found !== undefined && canCost(found, costed) ? counting(costed, found) : undefined
    },
  })
}
