import { expect } from 'vitest'
import { newSession } from './harness.ts'
import { race } from './racers.ts'
import type { SharedStore } from './racers.ts'

/** How many try at once. */
export interface Size {
  readonly processes: number
  readonly sessions: number
  /** Uses of one refresh token at the same time, in each process. */
  readonly parallel: number
}

/** All use the same refresh token of each session: every one of them succeeds, and there is one successor. */
export async function refreshRace({ store, task, deadlocks }: SharedStore, size: Size): Promise<void> {
  const { processes, sessions, parallel } = size
  const long = { idleTtl: 3_600_000, absoluteTtl: 3_600_000 }
  for (let at = 0; at < sessions; at += 1)
    await store.open(newSession({ ...long, id: `s${at}`, subject: `subject ${at}` }))
  const answers = await race(processes, { ...task, mode: 'refresh', sessions, parallel })
  expect(answers).toEqual(Array.from({ length: processes }, () => ({ 'used 1': sessions * parallel })))
  for (let at = 0; at < sessions; at += 1) expect((await store.find(`s${at}`))?.generation).toBe(1)
  expect((await store.snapshot()).entries).toEqual([])
  expect(await deadlocks()).toBe(0)
}
