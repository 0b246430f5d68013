import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { OpenWatches } from '../../src/index.ts'

describe('what is open', () => {
  it('ends once where it must, at once or after a look, and never where it was forgotten or nobody can tell', async () => {
    const taken = new Set(['gone before'])
    const ended: string[] = []
    const watches = new OpenWatches<string>((name) => {
      if (name === 'throws later') return Promise.reject(new Error('away'))
      return name.startsWith('late') ? delay(5).then(() => taken.has(name)) : taken.has(name)
    }, 0)
    for (const name of ['gone before', 'one', 'late one', 'throws later', 'stays'])
      watches.watch(name, () => void ended.push(name))
    const forget = watches.watch('forgotten', () => void ended.push('forgotten'))
    forget()
    await delay(20)
    expect(ended).toEqual(['gone before'])
    for (const name of ['one', 'late one', 'forgotten', 'throws later']) taken.add(name)
    for (let times = 0; times < 10; times += 1) watches.look()
    await delay(30)
    watches.look()
    await delay(30)
    expect(ended).toEqual(['gone before', 'one', 'late one'])
    expect(watches.size).toBe(2)
  })

  it('has its grace, in which it may also end by itself', async () => {
    const ended: string[] = []
    const watches = new OpenWatches<string>(() => true, 60)
    watches.watch('cut', () => void ended.push('cut'))
    const forget = watches.watch('done in time', () => void ended.push('done in time'))
    await delay(10)
    expect(ended).toEqual([])
    forget()
    await delay(150)
    expect([ended, watches.size]).toEqual([['cut'], 0])
  })

  it('ends the others where one cannot be looked at', async () => {
    const ended: string[] = []
    let isOver = false
    const watches = new OpenWatches<string>((name) => {
      if (!isOver) return false
      if (name === 'throws') throw new Error('broken')
      return true
    }, 0)
    for (const name of ['throws', 'other']) watches.watch(name, () => void ended.push(name))
    isOver = true
    watches.look()
    await delay(20)
    expect(ended).toEqual(['other'])
  })

  it('looks at many in turns, at those that came first again where something was taken back meanwhile', async () => {
    const taken = new Set<number>()
    const ended: number[] = []
    let turns = 0
    const watches = new OpenWatches<number>((name) => taken.has(name), 0)
    for (let name = 0; name < 5_000; name += 1) watches.watch(name, () => void ended.push(name))
    taken.add(4_999)
    const count = (): void => {
      turns += 1
      // By now it has looked at the first.
      if (turns === 3) {
        taken.add(0)
        watches.look()
      }
      if (ended.length < 2 && turns < 1_000) setImmediate(count)
    }
    watches.look()
    setImmediate(count)
    for (let waited = 0; ended.length < 2 && waited < 1_000; waited += 1) await delay(5)
    expect(ended).toEqual([4_999, 0])
    expect(turns).toBeGreaterThan(20)
  })
})
