/** A schema and documents of any size that cost limiters are attacked with, or that grow in everyday use. */
export const GROWTH_SDL = `
  type Query { me: User users(first: Int): [User] node: Node any: Any search(filter: Filter, tags: [String]): Int }
  input Filter { text: String and: [Filter!] }
  interface Node { id: ID node: Node }
  union Any = User | Post
  type User implements Node { id: ID name: String a: User b: User node: Node users(first: Int): [User] posts(first: Int): Posts }
  type Posts { nodes: [Post] } type Post implements Node { id: ID node: Node author: User }
`

/** @type {(count: number, text: (index: number) => string) => string} */
const times = (count, text) => Array.from({ length: count }, (_, index) => text(index)).join(' ')

/** @type {(count: number, body: (next: string) => string) => string} */
const chain = (count, body) =>
  `{ me { ...F0 } } ${times(count, (i) => `fragment F${i} on User { ${body(`...F${i + 1}`)} }`)} fragment F${count} on User { id }`

/**
 * Each makes a document from a number that its length is about proportional to.
 *
 * @type {Readonly<Record<string, (count: number) => string>>}
 */
export const FAMILIES = {
  'different fields': (n) => `{ ${times(n, (i) => `f${i}: me { id name }`)} }`,
  'one field again and again': (n) => `{ ${times(n, () => 'me { id }')} }`,
  'one leaf again and again': (n) => `{ me { ${times(n, () => 'id')} } }`,
  'aliases with variables': (n) => `query ($n: Int) { ${times(n, (i) => `f${i}: users(first: $n) { id }`)} }`,
  'a flat bomb': (n) => chain(n, (next) => `${next} ${next}`),
  'a bomb of fields': (n) => chain(n, (next) => `a { ${next} } b { ${next} }`),
  'a bomb whose halves merge': (n) => chain(n, (next) => `a { ${next} } a { ${next} id }`),
  'inline fragments on many types': (n) =>
    `{ any { ${times(n, (i) => `... on ${i % 2 === 0 ? 'User' : 'Post'} { x${i}: node { id } }`)} } }`,
  'spreads of many fragments': (n) =>
    `{ ${times(n, (i) => `...F${i}`)} } ${times(n, (i) => `fragment F${i} on Query { f${i}: me { id } }`)}`,
  'many operations': (n) => times(n, (i) => `query Q${i} { users(first: ${i}) { id } }`),
  'a large literal': (n) => `{ search(filter: { and: [${times(n, () => '{ text: "x", and: [{}] },')}] }) }`,
  'sets that overlap in new ways': (n) =>
    `{ ${times(n, (i) => `x${i}: users(first: ${i}) { id ...Big }`)} } fragment Big on User { ${times(n, (i) => `f${i}: users(first: 1) { id }`)} }`,
}

/**
 * A document of a family with about that many bytes.
 *
 * @param {string} family
 * @param {number} bytes
 */
export function documentOf(family, bytes) {
  const make = FAMILIES[family]
  if (make === undefined) throw new Error(`no family ${family}`)
  const small = make(10).length
  const perCount = (make(110).length - small) / 100
  return make(Math.max(1, Math.round((bytes - small) / perCount) + 10))
}
