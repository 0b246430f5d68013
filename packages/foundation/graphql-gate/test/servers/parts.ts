import { codedError, kernel } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { addCheck, addFieldStep, useGraphqlGate } from '../../src/index.ts'

const Forbidden = codedError('FORBIDDEN_FIELD', 'Not this one.', 403)

/** What was judged: the queries, as often as they were. */
export type Judged = string[]

/** A gate that notes what it judges, refuses what asks for `forbidden`, and says for whom `a` was asked. */
export function addGate(app: FastifyInstance, judged: Judged): void {
  useGraphqlGate(app, 'tester')
  addCheck(app, {
    name: 'tester',
    phase: 'access',
    run({ operations }) {
      const texts = operations.map(({ candidates }) =>
        candidates.flatMap(({ selectionSet }) =>
          selectionSet.selections.map((one) => ('name' in one ? one.name?.value : '...')),
        ),
      )
      judged.push(...texts.map((names) => names.join(' ')))
      if (!texts.flat().includes('forbidden')) return undefined
      const event = { type: 'query.rejected', severity: 'INFO', details: { code: 'X' } } as const
      return { gate: 'tester', error: new Forbidden(), event }
    },
  })
  addFieldStep(app, {
    name: 'tester',
    phase: 'mask',
    plan: ({ field }) =>
      field.name === 'a'
        ? ({ request }, next) => `${String(next())} for ${request?.headers.host ?? 'nobody'}`
        : undefined,
  })
}

/** A schema whose fields say what they are; `forbidden` must never be called. */
export function schemaOf(called: string[] = []): GraphQLSchema {
  const schema = buildSchema(`
    directive @defer(if: Boolean, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    type Query { a: String forbidden: String echo(text: String, file: String): String }
    type Mutation { forbidden: String a: String }
    type Subscription { a: String forbidden: String }
  `)
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      field.resolve = () => {
        called.push(field.name)
        return field.name
      }
      if (type === schema.getSubscriptionType()) {
        field.subscribe = async function* () {
          called.push(`subscribe ${field.name}`)
          yield await Promise.resolve({})
        }
      }
    }
  }
  return schema
}

/** An app of that environment, with the gate. */
export function appWith(
  judged: Judged,
  environment: 'production' | 'development' = 'production',
): FastifyInstance {
  const app = Fastify()
  void app.register(kernel, { environment })
  addGate(app, judged)
  return app
}
