/** One field of one object, waiting to be loaded together with others. */
export interface Wish<Parent, Params = Record<string, never>> {
  readonly obj: Parent
  readonly params: Params
}

/** Loads one related row for each object in one query. */
export async function loadOne<Parent, Row extends { id: number }>(
  wishes: readonly Wish<Parent, unknown>[],
  idOf: (parent: Parent) => number | null,
  load: (ids: number[]) => Promise<readonly Row[]>,
): Promise<(Row | null)[]> {
  const wanted = wishes.map((wish) => idOf(wish.obj))
  const ids = [...new Set(wanted.filter((id) => id !== null))]
  const byId = new Map((await load(ids)).map((row) => [row.id, row]))
  return wanted.map((id) => (id === null ? null : (byId.get(id) ?? null)))
}

/** Loads all related rows for each object in one query per different set of parameters (aliases may differ in them). */
export async function loadMany<Parent extends { id: number }, Params, Row>(
  wishes: readonly Wish<Parent, Params>[],
  parentOf: (row: Row) => number,
  load: (parentIds: number[], params: Params) => Promise<readonly Row[]>,
): Promise<Row[][]> {
  const groups = groupBy(wishes, (wish) => JSON.stringify(wish.params))
  const loaded = await Promise.all(
    [...groups.values()].map(async (group) => {
      const [one] = group
      if (!one) return []
      const rows = await load([...new Set(group.map((wish) => wish.obj.id))], one.params)
      const byParent = groupBy(rows, parentOf)
      return group.map((wish) => [wish, byParent.get(wish.obj.id) ?? []] as const)
    }),
  )
  const found = new Map(loaded.flat())
  return wishes.map((wish) => found.get(wish) ?? [])
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
