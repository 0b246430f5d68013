import { expect, it } from 'vitest'
import { findInText, maskInText, maskText } from '../../../src/index.ts'
import { FAMILIES } from './families.mjs'

const LENGTH = 10_000_000

it.each(FAMILIES)(
  'ten million characters of %j are scanned and masked in seconds',
  (unit) => {
    const text = unit.repeat(Math.ceil(LENGTH / unit.length))
    const started = process.cpuUsage()
    maskInText(text, maskText)
    findInText(text)
    const { user, system } = process.cpuUsage(started)
    // Quadratic would be days.
    expect((user + system) / 1000).toBeLessThan(60_000)
  },
  120_000,
)
