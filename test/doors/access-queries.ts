/**
 * Random schemas' rules, callers and queries for access-control, and what each query must answer: told by walking the
 * query as it was made, with no engine and no module of the package.
 */

/** A choice from 0 to `max`. */
export type Choose = (max: number) => number

/** A generator of pseudo-random numbers (mulberry32). */
export function chooser(start: number): Choose {
  let state = start
  return (max) => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % (max + 1)
  }
}

const pick = <T>(choose: Choose, list: readonly T[]): T => list[choose(list.length - 1)] as T

interface Row {
  readonly __typename: string
  readonly userId: string
  readonly [member: string]: unknown
}

const order = (id: number, userId: string): Row => ({ __typename: 'Order', id: `o${id}`, userId, total: id })
const user = (id: string, more: object = {}): Row => ({
  __typename: 'User',
  id,
  userId: id,
  name: `name of ${id}`,
  salary: 7,
  ...more,
})
const ada = user('ada', { orders: [order(1, 'ada'), order(2, 'bob')] })
const bob = user('bob', { boss: ada, orders: [order(3, 'bob')] })

/** What the root fields answer. */
export const ROOT: Readonly<Record<string, unknown>> = {
  me: ada,
  users: [ada, bob],
  node: order(4, 'ada'),
  nodes: [bob, order(5, 'bob')],
  hits: [order(6, 'ada'), ada],
}

interface FieldShape {
  readonly type: string
  readonly list?: true
}

/** Fields by type; those without an entry in TYPES are leaves. */
const TYPES: Readonly<Record<string, Readonly<Record<string, FieldShape>>>> = {
  Query: {
    me: { type: 'User' },
    users: { type: 'User', list: true },
    node: { type: 'Node' },
    nodes: { type: 'Node', list: true },
    hits: { type: 'Hit', list: true },
  },
  Node: { id: { type: 'ID' }, userId: { type: 'ID' } },
  User: {
    id: { type: 'ID' },
    userId: { type: 'ID' },
    name: { type: 'String' },
    salary: { type: 'Int' },
    boss: { type: 'User' },
    orders: { type: 'Order', list: true },
  },
  Order: { id: { type: 'ID' }, userId: { type: 'ID' }, total: { type: 'Int' } },
  Hit: {},
}
const CONCRETE: Readonly<Record<string, readonly string[]>> = {
  Node: ['User', 'Order'],
  Hit: ['User', 'Order'],
}
const INTERFACES: Readonly<Record<string, readonly string[]>> = { User: ['Node'], Order: ['Node'] }

export interface Rule {
  readonly coordinate: string
  readonly subject: string
  readonly onDenied: 'reject' | 'null'
  readonly directive: boolean
}

const COORDINATES = Object.entries(TYPES)
  .filter(([type]) => type !== 'Hit')
  .flatMap(([type, fields]) => [type, ...Object.keys(fields).map((field) => `${type}.${field}`)])
const SUBJECTS = ['a', 'b', 'c'] as const

/** Rules of some types and fields, as a directive or an option. */
export function randomRules(choose: Choose): readonly Rule[] {
  return COORDINATES.filter(() => choose(4) === 0).map((coordinate) => ({
    coordinate,
    subject: pick(choose, SUBJECTS),
    onDenied: pick(choose, ['reject', 'null'] as const),
    directive: choose(1) === 0,
  }))
}

/** The schema with the rules that are directives. */
export function sdlOf(rules: readonly Rule[]): string {
  const said = (coordinate: string): string =>
    rules
      .filter((rule) => rule.directive && rule.coordinate === coordinate)
      .map(({ subject, onDenied }) => ` @auth(requires: "${subject}:read", onDenied: "${onDenied}")`)
      .join('')
  const body = (type: string): string =>
    Object.entries(TYPES[type] ?? {})
      .map(
        ([name, field]) =>
          `${name}: ${field.list ? `[${field.type}]` : field.type}${said(`${type}.${name}`)}`,
      )
      .join(' ')
  return `
    directive @auth(requires: String, role: String, onDenied: String, personal: Boolean) on OBJECT | INTERFACE | FIELD_DEFINITION
    type Query${said('Query')} { ${body('Query')} }
    interface Node${said('Node')} { ${body('Node')} }
    type User implements Node${said('User')} { ${body('User')} }
    type Order implements Node${said('Order')} { ${body('Order')} }
    union Hit = User | Order`
}

/** The rules that are options. */
export function optionsOf(
  rules: readonly Rule[],
): Record<string, { permission: `${string}:read`; onDenied: 'reject' | 'null' }> {
  return Object.fromEntries(
    rules
      .filter(({ directive }) => !directive)
      .map(({ coordinate, subject, onDenied }) => [
        coordinate,
        { permission: `${subject}:read` as const, onDenied },
      ]),
  )
}

/** For each subject: what some role allows of it, or denies. */
export const ROLES: Readonly<Record<string, { allow?: string[]; deny?: string[] }>> = Object.fromEntries(
  SUBJECTS.flatMap((subject) => [
    [`${subject}-any`, { allow: [`${subject}:read`] }],
    [`${subject}-self`, { allow: [`${subject}:read:self`] }],
    [`${subject}-not-self`, { deny: [`${subject}:read:self`] }],
    [`${subject}-never`, { deny: [`${subject}:read`] }],
  ]),
)

export interface Caller {
  readonly id: string
  readonly roles: readonly string[]
}

/** Somebody with some of the roles, or nobody. */
export function randomCaller(choose: Choose): Caller | undefined {
  if (choose(9) === 0) return undefined
  const roles = Object.keys(ROLES).filter(
    (role) => choose(role.endsWith('any') ? 2 : role.endsWith('self') ? 3 : 14) === 0,
  )
  return { id: pick(choose, ['ada', 'bob']), roles }
}

interface Selection {
  readonly alias: string
  readonly field: string
  readonly within: readonly Part[]
}
/** What a selection set holds: fields, or a fragment with a condition. */
interface Part {
  readonly on: string | undefined
  readonly named: boolean
  readonly fields: readonly Selection[]
}

/** A query as its structure and as text. */
export interface RandomQuery {
  readonly parts: readonly Part[]
  readonly text: string
}

/** A query of some depth, with aliases, fragments and conditions on types. */
export function randomQuery(choose: Choose): RandomQuery {
  let count = 0
  const fragments: string[] = []

  function partsFor(type: string, depth: number): readonly Part[] {
    const possible =
      CONCRETE[type] ?? (INTERFACES[type] === undefined ? [] : [type, ...(INTERFACES[type] ?? [])])
    const direct: Part = { on: undefined, named: false, fields: fieldsOf(type, depth) }
    const conditions = possible
      .filter(() => CONCRETE[type] !== undefined || choose(3) === 0)
      .map((on): Part => ({ on, named: choose(1) === 0, fields: fieldsOf(on, depth) }))
    return [direct, ...conditions].filter(({ fields }) => fields.length > 0)
  }

  function fieldsOf(type: string, depth: number): readonly Selection[] {
    return Object.entries(TYPES[type] ?? {})
      .filter(([, field]) => (depth > 0 || TYPES[field.type] === undefined) && choose(1) === 0)
      .map(([field, shape]) => {
        count += 1
        const within = TYPES[shape.type] === undefined ? [] : partsFor(shape.type, depth - 1)
        return { alias: `x${count}`, field, within, isLeaf: TYPES[shape.type] === undefined }
      })
      .filter(({ isLeaf, within }) => isLeaf || within.length > 0)
  }

  function textOf(parts: readonly Part[]): string {
    return parts
      .map(({ on, named, fields }) => {
        const body = fields
          .map(
            ({ alias, field, within }) =>
              `${alias}: ${field}${within.length === 0 ? '' : ` { ${textOf(within)} }`}`,
          )
          .join(' ')
        if (on === undefined) return body
        if (!named) return `... on ${on} { ${body} }`
        const name = `F${fragments.length}`
        fragments.push('')
        fragments[Number(name.slice(1))] = `fragment ${name} on ${on} { ${body} }`
        return `...${name}`
      })
      .join(' ')
  }

  for (;;) {
    const parts = partsFor('Query', 3)
    if (parts.length === 0) continue
    const body = textOf(parts)
    return { parts, text: `{ ${body} } ${fragments.join(' ')}` }
  }
}

/** What a query must answer. */
export interface Expected {
  readonly data: unknown
  /** Paths of the fields that are refused, sorted. */
  readonly denied: readonly string[]
}

function mayRead(subject: string, caller: Caller | undefined, row: Row | undefined): boolean {
  if (caller === undefined) return false
  const has = (what: string): boolean => caller.roles.includes(`${subject}-${what}`)
  const isOwn = row === undefined ? undefined : row.userId === caller.id
  if (has('never') || (has('not-self') && isOwn !== false)) return false
  return has('any') || (has('self') && isOwn === true)
}

/** Walks a query over the data. */
export function expectedOf(query: RandomQuery, rules: readonly Rule[], caller: Caller | undefined): Expected {
  const denied: string[] = []

  function ruling(type: string, field: string, row: Row | undefined): 'reject' | 'null' | undefined {
    const owners = [type, ...(INTERFACES[type] ?? [])]
    const applying = rules.filter(({ coordinate }) =>
      owners.some((owner) => coordinate === owner || coordinate === `${owner}.${field}`),
    )
    const failed = applying
      .filter(({ subject }) => !mayRead(subject, caller, row))
      .map(({ onDenied }) => onDenied)
    return failed.includes('reject') ? 'reject' : failed[0]
  }

  function complete(value: unknown, within: readonly Part[], path: string): unknown {
    if (Array.isArray(value)) return value.map((item, index) => complete(item, within, `${path}.${index}`))
    if (value === undefined || value === null) return null
    return within.length === 0 ? value : select(value as Row, within, path)
  }

  function select(row: Row | undefined, parts: readonly Part[], path: string): Record<string, unknown> {
    const type = row?.__typename ?? 'Query'
    const answer: Record<string, unknown> = {}
    for (const { on, fields } of parts) {
      if (on !== undefined && on !== type && !(INTERFACES[type] ?? []).includes(on)) continue
      for (const { alias, field, within } of fields) {
        const at = path === '' ? alias : `${path}.${alias}`
        const no = ruling(type, field, row)
        if (no === 'reject') denied.push(at)
        const value = no === undefined ? (row === undefined ? ROOT[field] : row[field]) : null
        answer[alias] = complete(value, within, at)
      }
    }
    return answer
  }

  const data = select(undefined, query.parts, '')
  return { data, denied: denied.sort() }
}
