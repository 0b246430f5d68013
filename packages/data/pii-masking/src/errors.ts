import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which pii-masking refuses an answer, or to start. */
export type PiiMaskingErrorCode =
  | 'PII_FIELD_FORBIDDEN'
  | 'PII_EXIT_UNCLASSIFIED'
  | 'PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION'

/** The answer holds something of which the reader's policy is `reject`. */
export const PiiFieldForbidden: CodedError<'PII_FIELD_FORBIDDEN'> = codedError(
  'PII_FIELD_FORBIDDEN',
  'The answer holds personal data that you may not see.',
  403,
)

/** A route whose schema classifies personal data answered with text, bytes or a stream, which cannot be masked. */
export const PiiExitUnclassified: CodedError<'PII_EXIT_UNCLASSIFIED'> = codedError(
  'PII_EXIT_UNCLASSIFIED',
  'The answer of this route cannot be checked for personal data.',
  500,
)

/** The classification or policy is wrong, or cannot hold for a schema. Boot error. */
export const InvalidClassificationError: CodedError<'PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION'> =
  codedError('PORTCULLIS_PII_MASKING_INVALID_CLASSIFICATION', '%s', 'boot')
