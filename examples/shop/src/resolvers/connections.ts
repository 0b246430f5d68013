import type { Page } from '../database/rows.ts'
import { ShopError } from '../errors.ts'

/** No list is longer, whatever is asked for. */
const MAX_PAGE = 100
const DEFAULT_PAGE = 20

/** Arguments of every connection field. */
export interface PageArguments {
  readonly first?: number | null
  readonly after?: string | null
}

/** One page of a list in the shape of the Relay cursor connection specification, with `nodes` as a short cut. */
export interface Connection<Row> {
  readonly nodes: readonly Row[]
  readonly edges: readonly { cursor: string; node: Row }[]
  readonly pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

/** What to read for these arguments: one row more than the page holds, which tells whether there is a next one. */
export function pageOf({ first, after }: PageArguments): Page {
  return { first: sizeOf(first) + 1, after: after == null ? null : rowOfCursor(after) }
}

/** How many entries a list may have: the wish, from 0 to the maximum. */
export function sizeOf(first: number | null | undefined): number {
  return Math.min(Math.max(first ?? DEFAULT_PAGE, 0), MAX_PAGE)
}

/** The page of the rows that were read for these arguments. */
export function connectionOf<Row extends { id: number }>(
  rows: readonly Row[],
  { first }: PageArguments,
): Connection<Row> {
  const nodes = rows.slice(0, sizeOf(first))
  const last = nodes.at(-1)
  return {
    nodes,
    edges: nodes.map((node) => ({ cursor: cursorOf(node.id), node })),
    pageInfo: { hasNextPage: rows.length > nodes.length, endCursor: last ? cursorOf(last.id) : null },
  }
}

function cursorOf(id: number): string {
  return Buffer.from(`after:${id}`).toString('base64url')
}

function rowOfCursor(cursor: string): number {
  const [, digits] = /^after:([0-9]{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (digits === undefined) throw new ShopError('BAD_USER_INPUT', 'This is no cursor of the shop')
  return Number(digits)
}
