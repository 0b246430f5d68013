import { dataSteps } from './data-steps.ts'
import { evidenceSteps } from './evidence-steps.ts'
import { honestSteps } from './honest-steps.ts'
import { hostileSteps } from './hostile-steps.ts'
import type { Step } from './step.ts'

/** The tour: first what people do, then what attackers try. */
export const steps: readonly Step[] = [...honestSteps, ...hostileSteps, ...dataSteps, ...evidenceSteps]
