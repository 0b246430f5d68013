import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/stores/circuit-breaker.ts'

describe('circuit breaker', () => {
  it('opens after three failures in a row, not before, and not when a success is between', () => {
    const breaker = new CircuitBreaker(() => 0)
    for (const step of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) breaker[step]()
    expect(breaker.open).toBe(false)
    breaker.failed()
    expect(breaker.open).toBe(true)
  })

  it('lets one probe through per pause, doubles the pause up to five seconds, and closes when it succeeds', () => {
    let now = 0
    const breaker = new CircuitBreaker(() => now)
    for (let i = 0; i < 3; i += 1) breaker.failed()
    const pauses: number[] = []
    for (let probe = 0; probe < 8; probe += 1) {
      const from = now
      while (!breaker.mayProbe()) now += 10
      pauses.push(now - from)
      expect(breaker.mayProbe()).toBe(false)
      breaker.probeFailed()
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
    while (!breaker.mayProbe()) now += 10
    breaker.succeeded()
    expect([breaker.open, breaker.mayProbe()]).toEqual([false, false])
  })

  it('failures of calls that were under way do not prolong the pause', () => {
    let now = 0
    const breaker = new CircuitBreaker(() => now)
    for (let i = 0; i < 3; i += 1) breaker.failed()
    now = 200
    breaker.failed()
    now = 250
    expect(breaker.mayProbe()).toBe(true)
  })
})
