/** A generated schema with operations and variables for each; all valid. */
export interface Scenario {
  sdl: string
  multipliers: Record<string, number>
  defaultListSize: number
  documents: { source: string; operations: string[]; variables: Record<string, unknown>[] }[]
}

/** Picks a whole number from 0 to `max`. */
export type Choose = (max: number) => number

/** How much is made of one schema. */
export interface Extent {
  documents: number
  variables: number
}

/** A field of a generated type: enough to write it in SDL and to select it. */
interface Field {
  name: string
  args: string[]
  type: string
  depth: number
}

const WEIGHTS = ['-2', '-0.5', '0', '0.5', '1', '3', '10']
const ARGUMENTS: Record<string, string[]> = {
  first: ['1', '0', '-4', '7', '2147483647', 'null', '$n', '$m', '$absent'],
  last: ['2', '$n', 'null'],
  page: [
    '{}',
    '{first: 4}',
    '{first: $n}',
    '{first: $absent}',
    '{first: null}',
    '{inner: {first: 6, tags: ["x", "y"]}}',
    '{tags: "one"}',
    '{inner: $page}',
    '$page',
    'null',
  ],
  pages: ['[{first: 1}, $page, {inner: {inner: {}}}]', '{first: 2}', '[]', '$pages'],
  tags: ['["a", "b", "c"]', '"single"', '[]', '$tags', 'null'],
}
const ARGUMENT_TYPES: Record<string, string> = {
  first: 'Int',
  last: 'Int',
  page: 'Page',
  pages: '[Page]',
  tags: '[String]',
}
const SLICING = ['first', 'last', 'page.first', 'page.inner.first', 'tags', 'page.tags']

/** Parts of introspection that a root selection may have. */
const INTROSPECTION = [
  '__schema { queryType { name } types { name fields { name type { name ofType { name } } args { name } } } }',
  '__schema { directives { name args { name } locations } types { possibleTypes { name } enumValues { name } } }',
  '__type(name: "Query") { fields(includeDeprecated: true) { name args { defaultValue } } interfaces { name } }',
  '... on Query { again: __schema { types { inputFields { name type { name } } } } }',
]

/** Makes a scenario from choices: those of fast-check, so that failures shrink, or of a plain generator, for speed. */
export function scenario(choose: Choose, extent: Extent): Scenario {
  return new Generator(choose).scenario(extent)
}

class Generator {
  readonly upTo: Choose
  readonly types = new Map<string, Field[]>()
  readonly abstracts = new Map<string, string[]>()
  readonly implemented = new Map<string, string[]>()
  readonly multipliers: Record<string, number> = {}

  constructor(choose: Choose) {
    this.upTo = choose
  }

  pick<T>(values: readonly T[]): T {
    return values[this.upTo(values.length - 1)] as T
  }

  chance(outOf: number): boolean {
    return this.upTo(outOf - 1) === outOf - 1
  }

  scenario({ documents, variables }: Extent): Scenario {
    const sdl = this.schema()
    return {
      sdl,
      multipliers: this.multipliers,
      defaultListSize: this.pick([10, 0, 1, 3]),
      documents: Array.from({ length: documents }, () => ({
        ...this.document(),
        variables: Array.from({ length: variables }, () => this.variables()),
      })),
    }
  }

  /** One or two operations and up to three fragments. */
  document(): { source: string; operations: string[] } {
    const fragments = this.upTo(3)
    const definitions = Array.from({ length: fragments }, (_, index) => {
      const on = this.pick([...this.types.keys()])
      return `fragment F${index} on ${on} { ${this.selections(on, 2, index + 1, fragments)} }`
    })
    const operations = this.chance(4) ? ['A', 'B'] : ['A']
    const texts = operations.map(
      (name) => `query ${name}${this.header()} { ${this.selections('Query', 3, 0, fragments)} }`,
    )
    return { source: [...texts, ...definitions].join(' '), operations }
  }

  header(): string {
    const n = this.pick(['', ' = 3', ' = 0', ' = null'])
    const page = this.pick(['', ' = {first: 9, tags: ["d"]}', ' = {inner: {inner: {}}}', ' = null'])
    return `($n: Int${n}, $m: Int, $absent: Int, $page: Page${page}, $pages: [Page], $tags: [String] = ["t"], $yes: Boolean! = true, $no: Boolean!)`
  }

  variables(): Record<string, unknown> {
    const choices: Record<string, unknown[]> = {
      n: [5, 0, -3, null],
      m: [2, 1_000_000, null],
      page: [{}, { first: 2, inner: { first: 3, tags: ['a'] } }, { tags: 'one' }, null],
      pages: [[{}, { inner: {} }], { first: 1 }, [null], null],
      tags: [['a', 'b'], [], 'one', null],
      yes: [false],
    }
    const variables: Record<string, unknown> = { no: this.chance(2) }
    for (const [name, values] of Object.entries(choices))
      if (this.chance(2)) variables[name] = this.pick(values)
    return variables
  }

  cost(outOf = 3): string {
    return this.chance(outOf) ? ` @cost(weight: "${this.pick(WEIGHTS)}")` : ''
  }

  schema(): string {
    const objects = ['Query', ...Array.from({ length: 1 + this.upTo(3) }, (_, index) => `O${index}`)]
    const interfaces = Array.from({ length: this.upTo(2) }, (_item, index) => `I${index}`)
    for (const name of interfaces)
      this.abstracts.set(
        name,
        objects.filter(() => this.chance(2)),
      )
    const [low, high] = interfaces
    if (low !== undefined && high !== undefined && this.chance(2)) {
      this.implemented.set(high, [low])
      const both = [...(this.abstracts.get(low) ?? []), ...(this.abstracts.get(high) ?? [])]
      this.abstracts.set(
        low,
        objects.filter((name) => both.includes(name)),
      )
    }
    const members = objects.slice(1).filter(() => this.chance(2))
    if (members.length > 0) this.abstracts.set('U', members)
    const targets = [
      ...objects.slice(1),
      ...this.abstracts.keys(),
      'Connection',
      'Outer',
      'Int',
      'Big',
      'Mood',
    ]
    for (const name of interfaces) {
      const above = (this.implemented.get(name) ?? []).flatMap((one) => this.types.get(one) ?? [])
      this.types.set(name, [...above, ...this.fields(name, targets)])
    }
    for (const name of objects) {
      const shared = interfaces
        .filter((one) => this.abstracts.get(one)?.includes(name))
        .flatMap((one) => this.types.get(one) ?? [])
        .filter((field, index, all) => all.findIndex((one) => one.name === field.name) === index)
      this.types.set(name, [...shared, ...this.fields(name, targets)])
    }
    this.types.set('Connection', [
      { name: 'edges', args: [], type: objects.at(-1) ?? '', depth: 1 },
      { name: 'nodes', args: ['first'], type: objects.at(-1) ?? '', depth: 1 },
      { name: 'total', args: [], type: 'Int', depth: 0 },
    ])
    this.types.set('Outer', [
      { name: 'inner', args: [], type: 'Connection', depth: 0 },
      { name: 'many', args: ['first'], type: 'Connection', depth: 1 },
    ])
    return [
      'directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION',
      'directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) repeatable on FIELD_DEFINITION',
      `directive @slow(by: Int = 1${this.cost(2)}, page: Page) repeatable on FIELD`,
      `scalar Big${this.cost()} enum Mood${this.cost()} { FINE }`,
      `input Page { first: Int${this.chance(3) ? ' = 5' : ''}${this.cost()} tags: [String]${this.cost()} inner: Page${this.cost()} }`,
      ...[...this.types].map(([name, fields]) => this.type(name, fields, interfaces)),
      members.length > 0 ? `union U = ${members.join(' | ')}` : '',
    ].join('\n')
  }

  fields(owner: string, targets: readonly string[]): Field[] {
    return Array.from({ length: 1 + this.upTo(3) }, (_, index) => ({
      name: `${owner.toLowerCase()}${index}`,
      args: Object.keys(ARGUMENTS).filter(() => this.chance(3)),
      type: this.pick(targets),
      depth: this.pick([0, 0, 1, 1, 2]),
    }))
  }

  type(name: string, fields: readonly Field[], interfaces: readonly string[]): string {
    const isInterface = interfaces.includes(name)
    const above = isInterface
      ? (this.implemented.get(name) ?? [])
      : interfaces.filter((one) => this.abstracts.get(one)?.includes(name))
    const clause = above.length === 0 ? '' : ` implements ${above.join(' & ')}`
    const lines = fields.map((field) => {
      const args = field.args.map(
        (arg) =>
          `${arg}: ${ARGUMENT_TYPES[arg]}${this.argumentDefault(arg)}${isInterface ? '' : this.cost(4)}`,
      )
      const type = '['.repeat(field.depth) + field.type + ']'.repeat(field.depth)
      if (!isInterface && this.chance(8))
        this.multipliers[`${name}.${field.name}`] = this.pick([0, 0.5, 2, 3])
      return `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}: ${type}${isInterface ? '' : this.cost()}${this.listSize(field)}`
    })
    const head = isInterface ? `interface ${name}${clause}` : `type ${name}${clause}${this.cost()}`
    return `${head} { ${lines.join('\n')} }`
  }

  argumentDefault(arg: string): string {
    if (!this.chance(4)) return ''
    return (
      { first: ' = 6', last: ' = 0', page: ' = {first: 8}', pages: ' = [{first: 1}]', tags: ' = ["d", "e"]' }[
        arg
      ] ?? ''
    )
  }

  listSize(field: Field): string {
    const sizable: Record<string, string[]> = {
      Connection: ['["edges"]', '["nodes"]', '["edges", "nodes"]'],
      Outer: ['["inner.edges"]', '["inner.nodes", "many"]', '["many.edges"]'],
    }
    const below = sizable[field.type]
    if ((field.depth === 0 && below === undefined) || !this.chance(2)) return ''
    const once = (sized: boolean): string => {
      const settings = SLICING.filter(
        (path) => field.args.includes(path.split('.')[0] ?? '') && this.chance(2),
      )
      const parts = [`requireOneSlicingArgument: false`, `slicingArguments: ${JSON.stringify(settings)}`]
      if (this.chance(2)) parts.push(`assumedSize: ${this.upTo(9)}`)
      if (sized && below) parts.push(`sizedFields: ${this.pick(below)}`)
      return ` @listSize(${parts.join(', ')})`
    }
    return (below ? once(true) : '') + (field.depth > 0 ? once(false) : '')
  }

  /** Selections for a type. Fragments spread only later ones, so that none is cyclic. */
  selections(typeName: string, depth: number, nextFragment: number, fragments: number): string {
    const fields = this.types.get(typeName) ?? []
    const parts = ['__typename']
    if (typeName === 'Query' && this.chance(8)) parts.push(this.pick(INTROSPECTION))
    for (let count = 1 + this.upTo(3); count > 0; count--) {
      const kind = this.upTo(5)
      if (kind <= 3 && fields.length > 0)
        parts.push(this.field(this.pick(fields), depth, nextFragment, fragments))
      else if (kind === 4 && nextFragment < fragments) {
        parts.push(`...F${nextFragment + this.upTo(fragments - nextFragment - 1)}${this.condition()}`)
      } else if (depth > 0) {
        const on = this.pick([...this.types.keys()])
        parts.push(
          `... on ${on}${this.condition()} { ${this.selections(on, depth - 1, nextFragment, fragments)} }`,
        )
      }
    }
    return parts.join(' ')
  }

  /** A response name always means the same field with the same arguments, so that all selections can be merged. */
  field(field: Field, depth: number, nextFragment: number, fragments: number): string {
    const composite = !['Int', 'Big', 'Mood'].includes(field.type)
    if (composite && depth === 0) return '__typename'
    const given = field.args.map((arg) => [arg, this.upTo(ARGUMENTS[arg]?.length ?? 0)] as const)
    const present = given.filter(([, index]) => index > 0)
    const alias = present.map(([arg, index]) => `${arg}${index}`).join('_')
    const args = present.map(([arg, index]) => `${arg}: ${ARGUMENTS[arg]?.[index - 1]}`).join(', ')
    const slow = this.chance(6) ? ` @slow${this.pick(['', '(by: 3)', '(page: {first: 1})'])}` : ''
    const below = composite ? ` { ${this.selections(field.type, depth - 1, nextFragment, fragments)} }` : ''
    return `${alias === '' ? '' : `${field.name}_${alias}: `}${field.name}${args === '' ? '' : `(${args})`}${slow}${this.condition()}${below}`
  }

  condition(): string {
    return this.pick(['', '', '', ' @skip(if: $no)', ' @include(if: $yes)', ' @include(if: false)'])
  }
}
