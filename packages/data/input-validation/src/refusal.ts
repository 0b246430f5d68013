import type { Refusal } from '@portcullis/kernel'
import type { Issue } from './core/issue.ts'
import { badUserInput, UnsupportedMediaType } from './errors.ts'
import type { ResolvedInputValidationOptions } from './options.ts'

/** The gate's name. */
export const NAME = 'inputValidation'

/** The refusal of input: of a body that cannot be judged, or with what is wrong. */
export function refusalOf(
  judgement: 'unsupported' | readonly Issue[],
  { mode }: Pick<ResolvedInputValidationOptions, 'mode'>,
): Refusal {
  const error = judgement === 'unsupported' ? new UnsupportedMediaType() : badUserInput(judgement)
  const details = { code: error.code, ...(judgement === 'unsupported' ? {} : { issues: judgement.length }) }
  return { gate: NAME, mode, error, event: { type: 'input.rejected', severity: 'WARNING', details } }
}
