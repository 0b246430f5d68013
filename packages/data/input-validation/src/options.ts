import { defineOptions, integer, isPlainObject, mode, record, text, custom } from '@portcullis/kernel'
import type { Mode, OptionSet } from '@portcullis/kernel'
import type { Messages } from './core/issue.ts'
import { ALLOWANCES, DEFAULT_PROFILE } from './core/profile.ts'
import type { Allowance } from './core/profile.ts'
import { isStandardSchema } from './core/standard-schema.ts'
import type { InputSchema } from './core/validate.ts'

/** What an argument or input field must be: the name of a format, a JSON Schema, or a Standard Schema. */
export type InputRule = string | InputSchema

/** Options of input-validation, for the plugin and for a route's `config.inputValidation`. */
export interface InputValidationOptions {
  /** `measure` reports what would be refused and refuses nothing. Default: `enforce`. */
  mode?: Mode | undefined
  /** Most levels of objects and arrays in a body, a query or a GraphQL value. Default: 32. */
  maxDepth?: number | undefined
  /** Most items of one array, whatever its schema says. Default: 10,000. */
  maxArrayLength?: number | undefined
  /** Most issues that are told. Default: 100. */
  maxIssues?: number | undefined
  /** What is taken although the profile refuses it. Default: nothing. */
  allow?: readonly Allowance[] | undefined
  /** Messages by code (`REQUIRED`) or format (`email`). */
  messages?: Messages | undefined
  /** What GraphQL arguments (`Mutation.signup.email`) and input fields (`SignupInput.email`) must be. */
  graphql?: Readonly<Record<string, InputRule>> | undefined
}

/** {@link InputValidationOptions} with their defaults. */
export interface ResolvedInputValidationOptions {
  readonly mode: Mode
  readonly maxDepth: number
  readonly maxArrayLength: number
  readonly maxIssues: number
  readonly allow: readonly Allowance[]
  readonly messages: Messages
  readonly graphql: Readonly<Record<string, InputRule>>
}

const isAllowance = (one: unknown): boolean => (ALLOWANCES as readonly unknown[]).includes(one)

const allowances = custom<readonly Allowance[]>(
  (value) => Array.isArray(value) && value.every(isAllowance),
  `an array of ${ALLOWANCES.map((one) => `'${one}'`).join(', ')}`,
)

const rule = custom<InputRule>(
  (value) => (typeof value === 'string' && value !== '') || isStandardSchema(value) || isPlainObject(value),
  'the name of a format, a JSON Schema or a Standard Schema',
)

/** Codes and formats look alike in every library: what has another form is for nothing. */
function unknownMessage(messages: Messages): string | undefined {
  return Object.keys(messages).find((key) => !/^[A-Z][A-Z\d_]*$|^[a-z][\w-]*$/.test(key))
}

/** The options of input-validation as a checked set. */
export const inputValidationOptions: OptionSet<ResolvedInputValidationOptions> =
  defineOptions<ResolvedInputValidationOptions>(
    'inputValidation',
    {
      mode: {
        schema: mode,
        default: 'enforce',
        doc: '`measure` reports what would be refused and refuses nothing.',
      },
      maxDepth: {
        schema: integer(1, 200),
        default: DEFAULT_PROFILE.maxDepth,
        doc: 'Most levels of objects and arrays in a body, a query or a GraphQL value.',
      },
      maxArrayLength: {
        schema: integer(0),
        default: DEFAULT_PROFILE.maxArrayLength,
        doc: 'Most items of one array, whatever its schema says.',
      },
      maxIssues: {
        schema: integer(1, 1000),
        default: DEFAULT_PROFILE.maxIssues,
        doc: 'Most issues that are told.',
      },
      allow: {
        schema: allowances,
        default: [],
        takes: `an array of ${ALLOWANCES.map((one) => `'${one}'`).join(', ')}`,
        doc: 'What is taken although the profile refuses it.',
      },
      messages: {
        schema: record(text(), 'an object of messages by code or format'),
        default: {},
        merge: (plugin, route) => ({ ...plugin, ...route }),
        doc: 'Messages by code (`REQUIRED`) or format (`email`); `{name}` and `{Name}` stand for the member in words.',
      },
      graphql: {
        schema: record(rule, 'an object of rules by coordinate'),
        default: {},
        pluginOnly: true,
        doc: 'What GraphQL arguments (`Mutation.signup.email`) and input fields (`SignupInput.email`) must be: a format, a JSON Schema or a Standard Schema.',
      },
    },
    {
      check({ messages }) {
        const unknown = unknownMessage(messages)
        return unknown === undefined
          ? undefined
          : `messages['${unknown}'] is for nothing: take a code such as REQUIRED or a format such as email.`
      },
    },
  )
