export { authRoutes, authRoutes as default } from './plugin.ts'
export { authRoutesOptions as options } from './options.ts'
export type { AuthRoutesOptions, AuthorizeIntrospection } from './options.ts'
