import { UnsafeIdentifierError, UnsafeSqlError } from '../errors.ts'
import { assemble, isQuery } from './query.ts'
import type { SqlQuery } from './query.ts'

function fieldsOf(input: unknown): readonly string[] {
  const given: readonly unknown[] = Array.isArray(input) ? input : [input]
  return given.flatMap((one) => {
    if (typeof one !== 'string') throw new UnsafeIdentifierError('takes names with commas between them')
    return one.split(',')
  })
}

/**
 * `order by` from what a user sends: names with commas between them, `-` before what descends, as in JSON:API's `sort`.
 *
 * @param input a string, or an array of them
 * @param columns what each name stands for; there are no others
 * @throws UNSAFE_IDENTIFIER for a name that is not in the map or comes twice; its message holds no name of the input
 */
export function orderBy(input: unknown, columns: Readonly<Record<string, SqlQuery>>): SqlQuery {
  const names = Object.keys(columns)
  if (names.length === 0 || !names.every((name) => isQuery(columns[name]))) {
    throw new UnsafeSqlError('sql.orderBy takes a map of names to sql`…`, and at least one')
  }
  const left = new Set(names)
  const texts = ['order by ']
  const orders: (SqlQuery | undefined)[] = []
  for (const field of fieldsOf(input)) {
    const descends = field.startsWith('-')
    const name = descends ? field.slice(1) : field
    if (!left.delete(name)) {
      throw new UnsafeIdentifierError(
        `sorts by ${names.join(', ')}, each at most once, with - where it descends`,
      )
    }
    if (orders.length > 0) texts.push(`${texts.pop()}, `)
    texts.push(descends ? ' desc' : ' asc')
    orders.push(columns[name])
  }
  if (orders.length === 0) throw new UnsafeIdentifierError('got an empty list of names')
  return assemble(texts, orders)
}
