import { getNamedType, getNullableType, isListType, type GraphQLSchema } from 'graphql'
import type { CostModelOptions, WeightSettings } from './types.ts'

type Weights = NonNullable<CostModelOptions['weights']>

/**
 * The weights of a federated subgraph's own fields, under those that the options give: `_entities` returns as many
 * entities as it is sent representations, and `_service` answers with a text that is there already.
 */
export function withFederation(schema: GraphQLSchema, weights: Weights = {}): Weights {
  const query = schema.getQueryType()
  const { _entities: entities, _service: service } = query?.getFields() ?? {}
  const own: Record<string, WeightSettings> = {}
  const representations = entities?.args.find(({ name }) => name === 'representations')
  if (query && representations && isListType(getNullableType(representations.type))) {
    const listSize = { slicingArguments: ['representations'], requireOneSlicingArgument: false }
    own[`${query.name}._entities`] = { listSize }
  }
  if (query && service && getNamedType(service.type).name === '_Service') {
    own[`${query.name}._service`] = { cost: 0 }
    own['_Service'] = { cost: 0 }
  }
  const under = Object.entries(own).map(([coordinate, settings]) => {
    const given = weights[coordinate]
    const said = typeof given === 'number' ? { cost: given } : given
    return [coordinate, { ...settings, ...said }] as const
  })
  return { ...weights, ...Object.fromEntries(under) }
}
