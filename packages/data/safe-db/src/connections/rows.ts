import pg from 'pg'

type TypeId = Parameters<typeof pg.types.getTypeParser>[0]

/** A column as the server describes it. */
export interface Column {
  readonly name: string
  readonly dataTypeID: TypeId
}

/** Makes a row of what the server sent. */
export type Row = (values: readonly (string | null)[]) => Record<string, unknown>

/** What makes rows of statements without columns. */
export const noRow: Row = () => ({})

/** What makes rows of these columns: objects of one shape. */
export function rowOf(columns: readonly Column[]): Row {
  const names = columns.map(({ name }) => name)
  const parsers = columns.map(
    ({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown,
  )
  // A column may be named so, and an assignment would set the prototype.
  if (names.includes('__proto__')) {
    return (values) => {
      const row: Record<string, unknown> = {}
      for (const [index, name] of names.entries()) {
        const text = values[index] ?? null
        const value = text === null ? null : parsers[index]?.(text)
        Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true })
      }
      return row
    }
  }
  const empty = Object.fromEntries(names.map((name) => [name, null]))
  return (values) => {
    const row: Record<string, unknown> = { ...empty }
    for (let index = 0; index < names.length; index++) {
      const text = values[index]
      if (text !== null && text !== undefined) row[names[index] as string] = parsers[index]?.(text)
    }
    return row
  }
}
