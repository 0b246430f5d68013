/**
 * Published ways past limiters of GraphQL, or to stop a server with what was to protect it, and the tests that hold each
 * here. An id is told where a fix is published; else the pattern alone.
 */
export interface Published {
  /** Advisory: GHSA or CVE. */
  readonly ids: readonly string[]
  /** What was flawed. */
  readonly pattern: string
  /** File, relative to the root of the repository, and title of a test in it, or of one of its cases. */
  readonly tests: readonly (readonly [file: string, title: string])[]
}

const COST = 'packages/graphql/query-cost/test/core/traps.test.ts'
const DEPTH = 'packages/graphql/depth-limit/test/traps.test.ts'
const SHAPE = 'packages/graphql/depth-limit/test/core/measure-shape.test.ts'
const HOSTILE = 'packages/graphql/query-cost/test/core/hostile.test.ts'
const SOURCE = 'packages/foundation/graphql-gate/test/core/count-source.test.ts'

const one = (pattern: string, ...tests: Published['tests']): Published => ({ ids: [], pattern, tests })
const fixed = (ids: readonly string[], pattern: string, ...tests: Published['tests']): Published => ({
  ids,
  pattern,
  tests,
})

/** All of them: first what has an advisory, then by what was judged wrongly. */
export const published: readonly Published[] = [
  fixed(
    ['GHSA-733v-p3h5-qpq7', 'GHSA-hmfr-rx46-4jx2'],
    'a fragment or an operation with the name of an introspection field is exempt',
    [COST, 'a name that looks like introspection exempts nothing'],
    [SHAPE, 'is recognised by the field, not by the name of a fragment or an alias'],
  ),
  fixed(
    ['GHSA-224p-v68g-5g8f'],
    'the depth of a fragment is remembered from where it was seen first',
    [DEPTH, 'a fragment that is spread where it is shallow first'],
    [SHAPE, 'takes the deeper of two ways to one fragment, whichever comes first'],
  ),
  fixed(
    ['GHSA-mfj6-6p54-m98c'],
    'a limiter that unfolds fragments takes exponential time itself',
    [COST, 'spread thirty levels deep they take no time, and cost what they ask for'],
    [SHAPE, 'measures a bomb of 30 fragments that double each other'],
  ),
  fixed(
    ['GHSA-cmj3-wx7h-ffvg'],
    'no limit at all, then one that goes on counting when it is passed',
    [SOURCE, 'stops at the first bound that is passed'],
    [
      'packages/foundation/graphql-gate/test/core/count-merges.test.ts',
      'are not counted past the limit, and told again without counting',
    ],
  ),
  fixed(
    ['CVE-2023-26144', 'GHSA-9pv7-vfvm-6vr7'],
    'validation compares fields of one name with each other, in the square of the document',
    ['test/attack/validation-cost.test.ts', 'refuses %s before it is validated'],
    ['test/attack/sockets.test.ts', 'hostile documents of 15 KB are refused before anything parses them'],
  ),
  fixed(
    ['GHSA-q2f9-x4p4-7xmh', 'GHSA-p2q6-pwh5-m6jr'],
    'named fragments are expanded once for each spread before anything runs',
    [HOSTILE, 'prices a bomb of fields exactly'],
    [SHAPE, 'measures a bomb of 30 fragments that double each other'],
    ['test/attack/growth.test.ts', 'is at most a walk through the document and twice the budget: %s'],
  ),

  one('the size of a list in a variable is not seen', [COST, 'a variable']),
  one('the default of a variable is not seen', [COST, 'a default of the operation']),
  one('the default of an argument in the schema is not seen', [COST, 'a default of the schema']),
  one(
    'one of two arguments is seen',
    [COST, 'the second of two arguments'],
    [COST, 'the first of two arguments'],
  ),
  one('two arguments are multiplied', [COST, 'two sizes are no product']),
  one('sizes of other names and in input objects are not seen', [
    COST,
    'another name, nested in an input object',
  ]),
  one('a negative size cancels a large one', [COST, 'prices that cancelled each other']),
  one('of many fragments on one type the dearest counts', [COST, 'four hundred on one type all count']),
  one('introspection is free', [COST, 'the standard introspection query passes, and twelve levels do not']),
  one('a cheap operation hides a dear one', [COST, 'a cheap one beside a dear one costs what it costs']),
  one('an operation name that leads nowhere stops the limiter', [
    COST,
    'a name that no operation has neither crashes nor helps',
  ]),
  one('what is skipped is charged', [COST, 'what is skipped costs nothing']),
  one('a field that is repeated is charged again', [COST, 'duplicates are one field']),
  one('branches that exclude each other are summed', [COST, 'exclusive branches are not summed']),
  one('an empty list is charged', [COST, 'an empty list is empty, whatever is below']),
  one('fragments in fragments without end', [
    HOSTILE,
    'does not hang on cycles and costs nothing for what is missing',
  ]),
  one('hundreds of kilobytes of inline fragments', [COST, 'hundreds of kilobytes of inline fragments']),
  one('a limiter that recurses runs out of stack', [COST, 'inline fragments in inline fragments']),
  one(
    'what is deferred or streamed is charged for its first part',
    [COST, '@defer is charged in full before the first'],
    [COST, '@stream is charged for the whole list, whatever its first part'],
  ),
  one(
    'a verdict is cached with the document, whatever its variables are',
    [
      'test/doors/query-cost.test.ts',
      'prices the variables of each request, whether the document is new or cached',
    ],
    [
      'test/attack/graphql-servers.test.ts',
      'a document that is known at a low price pays for other variables',
    ],
    ['test/attack/mercurius.test.ts', 'judge conditions anew on every request'],
  ),

  one('fields of an interface are not followed', [DEPTH, '40 levels through fields of an interface']),
  one('subscriptions are not measured', [DEPTH, 'a chain of 40 in a subscription']),
  one('fragments are not followed', [SHAPE, 'F14: depth counts through 60 chained fragments']),
  one('introspection has no depth', [DEPTH, '40 levels of introspection']),
  one('the standard introspection query is refused', [DEPTH, 'the standard introspection query']),
  one('inline fragments are levels', [DEPTH, '40 inline fragments around two levels']),
  one('a deep branch that is skipped is refused', [DEPTH, 'a deep branch that is skipped']),
  one('fragments that come to one field are refused, or unfolded', [DEPTH, 'a flat bomb of 24 fragments']),
  one('a fragment that does not exist stops the limiter', [DEPTH, 'a fragment that does not exist']),
  one('a fragment that spreads itself stops the limiter', [SHAPE, 'refuses the cycle in %s']),
  one('the first operation is measured', [
    DEPTH,
    'a deep operation beside a shallow one, where it is the one that runs',
  ]),

  one('the parser runs out of stack', [
    'packages/foundation/graphql-gate/test/core/parse-document.test.ts',
    'answers a syntax error, and a text at which the parser runs out of stack, with nothing',
  ]),
  one('a tree in place of a text walks past the bounds on the text', [
    'test/doors/matrix.test.ts',
    'takes no document as a tree, as JSON or as JSON text, over HTTP and over WebSocket',
  ]),
  one('batches of any length', [
    'test/doors/depth-limit.test.ts',
    'bounds bytes, tokens, nesting and batches before it parses',
  ]),
  one('the entries of a batch are judged one by one', [
    'test/doors/query-cost.test.ts',
    'prices a batch as a sum, and tells each entry its own price',
  ]),
  one('refusals tell the limits, or suggest names', [
    'test/doors/error-hygiene.test.ts',
    '%s suggests nothing in production',
  ]),
]
