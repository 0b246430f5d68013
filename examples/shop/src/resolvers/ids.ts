import { ShopError } from '../errors.ts'

/** A global id: the type's name and the row's number, so that `node(id:)` knows where to look. */
export function nodeId(type: string, id: number): string {
  return `${type}:${id}`
}

/** The row's number of a global id, and of which type. */
export function parseNodeId(id: string): { type: string; row: number } {
  const [, type, digits] = /^([A-Z][A-Za-z]{0,30}):([0-9]{1,9})$/.exec(id) ?? []
  if (type === undefined) throw new ShopError('BAD_USER_INPUT', 'This is no id of the shop')
  return { type, row: Number(digits) }
}

/** The row's number of a global id that has to be of one type. */
export function rowOf(type: string, id: string): number {
  const parsed = parseNodeId(id)
  if (parsed.type !== type) throw new ShopError('BAD_USER_INPUT', `This is no id of type ${type}`)
  return parsed.row
}
