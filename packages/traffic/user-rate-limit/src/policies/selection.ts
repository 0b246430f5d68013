import type { OperationWord, PolicyOptions, RootFieldName } from './policy-options.ts'

/** Which GraphQL operations a policy is for: those of a kind, each once, and those that call a root field, each call. */
export interface Selection {
  readonly kinds: ReadonlySet<string>
  /** Kind and name, such as `mutation.login`. */
  readonly fields: ReadonlySet<string>
}

/** Where an operation names an account: a root field, its argument and members within. */
export interface AccountArgument {
  readonly field: string
  readonly path: readonly string[]
}

/** Where a request names its account. */
export interface AccountSource {
  /** Members of the body, from the outside in; `undefined` where no body tells it. */
  readonly body: readonly string[] | undefined
  readonly arguments: readonly AccountArgument[]
}

const ROOT_FIELD = /^(Query|Mutation|Subscription)\.([A-Za-z_][A-Za-z0-9_]{0,200})$/
const ARGUMENT = /^(Query|Mutation|Subscription)\.([A-Za-z_]\w{0,200})((?:\.[A-Za-z_]\w{0,200}){1,8})$/

/** Whether something is a name such as `Mutation.login`. */
export function isRootFieldName(value: unknown): value is RootFieldName {
  return typeof value === 'string' && ROOT_FIELD.test(value)
}

/** Whether something is a name such as `Mutation.login.email`. */
export function isArgumentName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1000 && ARGUMENT.test(value)
}

/** A root field's name as `rootCallsOf` has it: `Mutation.login` is `mutation.login`, whatever the type is called. */
function fieldOf(name: string): string {
  const [type = '', field = ''] = name.split('.')
  return `${type.toLowerCase()}.${field}`
}

/** The operations that `when` names; `undefined` where it names none. */
export function selectionOf(when: PolicyOptions['when']): Selection | undefined {
  if (when === undefined || typeof when === 'function') return undefined
  const words: readonly (OperationWord | RootFieldName)[] = typeof when === 'string' ? [when] : when
  return {
    kinds: new Set(words.filter((word) => !isRootFieldName(word))),
    fields: new Set(words.filter(isRootFieldName).map(fieldOf)),
  }
}

/** Where a policy's account is named. */
export function accountSourceOf(account: PolicyOptions['account']): AccountSource | undefined {
  if (account === undefined) return undefined
  const { body, argument = [] } = typeof account === 'string' ? { body: account } : account
  return {
    body: body?.split('.'),
    arguments: [argument].flat().map((name) => {
      const [type = '', field = '', ...path] = name.split('.')
      return { field: fieldOf(`${type}.${field}`), path }
    }),
  }
}
