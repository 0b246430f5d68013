export { contextOf } from './context.ts'
export { formatErrors } from './format-errors.ts'
export { loaders } from './loaders.ts'
import { Mutation } from './mutations.ts'
import { Query } from './queries.ts'
import { types } from './types.ts'

/** Everything but related rows, which come from the loaders. */
export const resolvers = { Query, Mutation, ...types }
