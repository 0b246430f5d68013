import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which a secret cannot be had. */
export type SecretsErrorCode = 'PORTCULLIS_SECRETS_NOT_FOUND' | 'PORTCULLIS_SECRETS_UNUSABLE'

/** No provider has a secret of that name. */
export const SecretNotFoundError: CodedError<'PORTCULLIS_SECRETS_NOT_FOUND'> = codedError(
  'PORTCULLIS_SECRETS_NOT_FOUND',
  'There is no secret named %s: %s',
  'boot',
)

/** There is one, but it is not safe or not possible to use it. */
export const SecretUnusableError: CodedError<'PORTCULLIS_SECRETS_UNUSABLE'> = codedError(
  'PORTCULLIS_SECRETS_UNUSABLE',
  'The secret named %s cannot be used: %s',
  'boot',
)
