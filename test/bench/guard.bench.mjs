// How long the worst document of 16 KB keeps a server busy with parse and validate: with no gates, behind depth-limit and
// query-cost with their defaults, which let the largest ones not through, so also the largest that pass; and with limits
// that refuse none of them, so that what bounds parse and validate then is graphql-gate alone.
import { depthLimit } from '@portcullis/depth-limit'
import { kernel } from '@portcullis/kernel'
import { queryCost } from '@portcullis/query-cost'
import Fastify from 'fastify'
import { buildSchema, parse, validate, version } from 'graphql'
import { documentOf, FAMILIES, GROWTH_SDL } from './families.mjs'
import { printTable } from './samples.mjs'

const RUNS = 5
const BYTES = 16_000
const schema = buildSchema(GROWTH_SDL)

async function appWith(depthLimits, costLimits) {
  const app = Fastify()
  app.register(kernel, { environment: 'production' })
  app.register(depthLimit, depthLimits)
  app.register(queryCost, costLimits)
  app.post('/graphql', { config: { graphql: { schema } } }, ({ body }) => {
    const errors = validate(schema, parse(body.query))
    return { data: null, errors: errors.slice(0, 1) }
  })
  await app.ready()
  return app
}

const unguarded = Fastify()
unguarded.post('/graphql', ({ body }) => ({ errors: validate(schema, parse(body.query)).slice(0, 1) }))
const guarded = await appWith({}, {})
const most = Number.MAX_SAFE_INTEGER
const lenient = await appWith(
  {
    maxDepth: most,
    maxListDepth: most,
    maxSelfReferentialDepth: most,
    maxAliases: most,
    maxRootFields: most,
    maxDirectives: most,
    maxSelections: most,
    maxFragments: most,
    maxTokens: most,
  },
  { mode: 'measure' },
)

let sent = 0

/** What is answered to a document that nothing has seen before: a comment makes it one. */
async function send(app, source) {
  const payload = { query: `${source} #${sent++}` }
  const started = performance.now()
  const { statusCode } = await app.inject({ method: 'POST', url: '/graphql', payload })
  return { ms: performance.now() - started, statusCode }
}

/** Milliseconds of the fastest of some runs. */
async function fastest(app, source) {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) best = Math.min(best, (await send(app, source)).ms)
  return best
}

/** The largest document of a family up to 16 KB that the gates let through. */
async function largestAllowed(app, family) {
  let [allowed, refused] = [0, BYTES + 1]
  while (refused - allowed > 100) {
    const middle = Math.floor((allowed + refused) / 2)
    const { statusCode } = await send(app, documentOf(family, middle))
    if (statusCode === 200) allowed = middle
    else refused = middle
  }
  return documentOf(family, allowed)
}

const rows = [
  [
    'ms (bytes)',
    'no gates, 16 KB',
    'gates, 16 KB',
    'gates, largest that passes',
    'lenient, 16 KB',
    'lenient, largest that passes',
  ],
]
const worst = [0, 0, 0, 0, 0]
for (const family of Object.keys(FAMILIES)) {
  const source = documentOf(family, BYTES)
  const allowed = await largestAllowed(guarded, family)
  const allowedLeniently = await largestAllowed(lenient, family)
  const times = [
    await fastest(unguarded, source),
    await fastest(guarded, source),
    await fastest(guarded, allowed),
    await fastest(lenient, source),
    await fastest(lenient, allowedLeniently),
  ]
  for (const [index, ms] of times.entries()) worst[index] = Math.max(worst[index], ms)
  const cells = times.map((ms) => ms.toFixed(2))
  cells[2] += ` (${allowed.length})`
  cells[4] += ` (${allowedLeniently.length})`
  rows.push([family, ...cells])
}
rows.push(['the worst', ...worst.map((ms) => ms.toFixed(2))])
printTable(rows)
console.log(`graphql ${version}, Node ${process.version}`)
