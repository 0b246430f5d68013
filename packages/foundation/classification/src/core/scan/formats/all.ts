import type { Formats } from '../format.ts'
import { ASIA_PACIFIC } from './asia-pacific.ts'
import { ELSEWHERE } from './elsewhere.ts'
import { INTERNATIONAL } from './international.ts'
import { NORTH_AMERICA } from './north-america.ts'
import { NORTHERN_EUROPE } from './northern-europe.ts'
import { SOUTHERN_EUROPE } from './southern-europe.ts'
import { WESTERN_EUROPE } from './western-europe.ts'

const ALL: Formats = [
  ...INTERNATIONAL,
  ...NORTH_AMERICA,
  ...WESTERN_EUROPE,
  ...SOUTHERN_EUROPE,
  ...NORTHERN_EUROPE,
  ...ASIA_PACIFIC,
  ...ELSEWHERE,
]

/** Every format, the one first that counts where several could: what is checked before what is not. */
export const FORMATS: Formats = [
  ...ALL.filter(({ check }) => check !== undefined),
  ...ALL.filter(({ check }) => check === undefined),
]
