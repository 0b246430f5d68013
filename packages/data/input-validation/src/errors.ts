import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'
import type { Issue } from './core/issue.ts'

/** Codes of input-validation. */
export type InputValidationErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA'
  | 'PORTCULLIS_INPUT_VALIDATION_INVALID_RULE'

/** The input is not what the schema says; `issues` has everything that is wrong. */
export const BadUserInput: CodedError<'BAD_USER_INPUT'> = codedError('BAD_USER_INPUT', '%s', 400)

/** The body is of a type that the route has no schema for, or that cannot be looked at. */
export const UnsupportedMediaType: CodedError<'UNSUPPORTED_MEDIA_TYPE'> = codedError(
  'UNSUPPORTED_MEDIA_TYPE',
  'A body of this media type is not taken here.',
  415,
)

/** A schema cannot be used as it is. Boot error. */
export const InvalidSchemaError: CodedError<'PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA'> = codedError(
  'PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA',
  '%s',
  'boot',
)

/** A rule for a GraphQL argument or input field cannot hold. Boot error. */
export const InvalidRuleError: CodedError<'PORTCULLIS_INPUT_VALIDATION_INVALID_RULE'> = codedError(
  'PORTCULLIS_INPUT_VALIDATION_INVALID_RULE',
  '%s',
  'boot',
)

/** {@link BadUserInput} with what is wrong. */
export type InputError = InstanceType<typeof BadUserInput> & { readonly issues: readonly Issue[] }

const MOST_IN_MESSAGE = 10

/** Makes the error that answers a request with issues: `issues` has them all, the message the first ten. */
export function badUserInput(issues: readonly Issue[]): InputError {
  const told = issues.slice(0, MOST_IN_MESSAGE).map(({ path, message }) => `${path}: ${message}`)
  if (issues.length > told.length) told.push(`and ${issues.length - told.length} more`)
  const error = new BadUserInput(told.join('; '))
  return Object.assign(error, { issues, extensions: { issues } })
}
