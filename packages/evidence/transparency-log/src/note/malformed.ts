import { TransparencyLogError } from '../errors.ts'

/** What a text is refused with that is not in the format it should be in. */
export function malformed(message: string): TransparencyLogError {
  return new TransparencyLogError('MALFORMED', message)
}
