import { hash as hashArgon2 } from '@node-rs/argon2'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseCost, isBounded, meetsFloor, MOST, workOf } from '../../src/core/cost.ts'
import { readStored, writeStored } from '../../src/core/phc.ts'
import { isStale } from '../../src/core/stale.ts'
import { runs } from '../property.ts'

const SALT = 'c2FsdHNhbHRzYWx0c2FsdA'
const HASH = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'
const phc = (parameters: string, salt = SALT, hash = HASH): string =>
  `$argon2id$v=19$${parameters}$${salt}$${hash}`
const BCRYPT = `$2b$12$${'a'.repeat(53)}`

describe('stored hashes', () => {
  it('are read with their parameters in any order', () => {
    const read = readStored(phc('m=65536,t=3,p=1'))
    expect(read).toMatchObject({ algorithm: 'argon2id', cost: { memory: 65536, passes: 3, parallelism: 1 } })
    for (const order of ['m=65536,p=1,t=3', 'p=1,t=3,m=65536', 't=3,m=65536,p=1']) {
      expect(readStored(phc(order))).toEqual(read)
    }
  })

  it('of the library are read', async () => {
    expect(readStored(await hashArgon2('x'))).toMatchObject({ algorithm: 'argon2id', keyId: undefined })
  })

  it.each([
    ['nothing', ''],
    ['a word', 'password'],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['Argon2d', phc('m=65536,t=3,p=1').replace('2id', '2d')],
    ['version 16', phc('m=65536,t=3,p=1').replace('v=19', 'v=16')],
    ['no version', phc('m=65536,t=3,p=1').replace('v=19$', '')],
    ['a parameter less', phc('m=65536,t=3')],
    ['a parameter twice', phc('m=65536,t=3,p=1,t=3')],
    ['an unknown parameter', phc('m=65536,t=3,p=1,x=1')],
    ['data', phc('m=65536,t=3,p=1,data=aGk')],
    ['a sign', phc('m=+65536,t=3,p=1')],
    ['a leading zero', phc('m=065536,t=3,p=1')],
    ['a fraction', phc('m=65536.5,t=3,p=1')],
    ['an exponent', phc('m=6e4,t=3,p=1')],
    ['4 GiB', phc('m=4194304,t=10,p=1')],
    ['much work in little memory', phc('m=65536,t=64,p=1')],
    ['many passes', phc('m=1024,t=65,p=1')],
    ['many lanes', phc('m=65536,t=3,p=17')],
    ['less memory than its lanes need', phc('m=15,t=3,p=2')],
    ['a short salt', phc('m=65536,t=3,p=1', 'c2FsdA')],
    ['a long salt', phc('m=65536,t=3,p=1', 'A'.repeat(88))],
    ['a short hash', phc('m=65536,t=3,p=1', SALT, 'aGFzaA')],
    ['a long hash', phc('m=65536,t=3,p=1', SALT, 'A'.repeat(88))],
    ['padding', phc('m=65536,t=3,p=1', `${SALT}==`)],
    ['other bits at the end', phc('m=65536,t=3,p=1', `${SALT.slice(0, -1)}B`)],
    ['one part more', `${phc('m=65536,t=3,p=1')}$AAAA`],
    ['a line more', `${phc('m=65536,t=3,p=1')}\n`],
    ['something before', ` ${phc('m=65536,t=3,p=1')}`],
    ['bcrypt with 31', BCRYPT.replace('$12$', '$31$')],
    ['bcrypt with 3', BCRYPT.replace('$12$', '$03$')],
    ['bcrypt of the broken kind', BCRYPT.replace('2b', '2x')],
    ['bcrypt cut', BCRYPT.slice(0, -1)],
    ['a million characters', phc('m=65536,t=3,p=1', 'A'.repeat(1_000_000))],
  ])('refuses %s', (_name, stored) => {
    expect(readStored(stored)).toBeUndefined()
  })

  it('are read as they were written', () => {
    const bytes = (least: number) =>
      fc.uint8Array({ minLength: least, maxLength: 64 }).map((one) => Buffer.from(one))
    const cost = fc
      .record({
        memory: fc.integer({ min: 8, max: MOST.memory }),
        passes: fc.integer({ min: 1, max: MOST.passes }),
        parallelism: fc.integer({ min: 1, max: MOST.parallelism }),
      })
      .filter(isBounded)
    const stored = fc.record({
      algorithm: fc.constantFrom('argon2id' as const, 'argon2i' as const),
      cost,
      salt: bytes(8),
      hash: bytes(16),
      keyId: fc.option(fc.constant('Ab3+'), { nil: undefined }),
    })
    fc.assert(
      fc.property(stored, (one) => {
        expect(readStored(writeStored(one))).toEqual(one)
        expect(writeStored(one).length).toBeLessThan(256)
      }),
      runs(1_000),
    )
  })

  it('with one character changed are another hash, or none; they never throw', () => {
    const whole = phc('m=65536,t=3,p=1,keyid=Ab3+')
    const change = fc.tuple(
      fc.nat(whole.length - 1),
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
    )
    fc.assert(
      fc.property(change, ([at, character]) => {
        const changed = whole.slice(0, at) + character + whole.slice(at + 1)
        const read = readStored(changed)
        if (read === undefined || read.algorithm === 'bcrypt') return
        expect(isBounded(read.cost)).toBe(true)
        // Reading loses nothing: there is one spelling for each hash.
        expect(writeStored(read)).toBe(changed)
      }),
      runs(3_000),
    )
  })
})

describe('costs', () => {
  it('have floors, each of which will do', () => {
    const meets = (memory: number, passes: number): boolean => meetsFloor({ memory, passes, parallelism: 1 })
    expect([meets(47104, 1), meets(19456, 2), meets(12288, 3), meets(65536, 3)]).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect([meets(47103, 1), meets(19455, 2), meets(12287, 60), meets(19456, 1)]).toEqual(
      Array.from({ length: 4 }, () => false),
    )
  })

  it('are chosen by the time they take, and never below a floor', () => {
    expect(chooseCost(1000, 50)).toEqual({ memory: 19456, passes: 2, parallelism: 1 })
    expect(chooseCost(6, 50)).toEqual({ memory: 65536, passes: 4, parallelism: 1 })
    expect(chooseCost(0.001, 50)).toEqual({ memory: 65536, passes: 16, parallelism: 1 })
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 10_000 }),
        (took, target) => {
          const cost = chooseCost(took, target)
          expect(meetsFloor(cost) && isBounded(cost)).toBe(true)
          // A machine that is slower by a tenth chooses no more than a step less.
          expect(workOf(chooseCost(took * 1.1, target)) * 2).toBeGreaterThanOrEqual(workOf(cost))
        },
      ),
      runs(1_000),
    )
  })
})

describe('what is out of date', () => {
  const cost = { memory: 65536, passes: 3, parallelism: 1 }
  const stored = (parameters: string) => {
    const read = readStored(phc(parameters))
    if (read === undefined) throw new Error('unreadable')
    return read
  }

  it('where the cost was given: every other', () => {
    const live = { cost, fixed: true, keyId: undefined }
    expect(isStale(stored('m=65536,t=3,p=1'), live)).toBe(false)
    for (const other of ['m=65536,t=4,p=1', 'm=65536,t=2,p=1', 'm=32768,t=6,p=1', 'm=65536,t=3,p=2']) {
      expect(isStale(stored(other), live)).toBe(true)
    }
  })

  it('where it was measured: what is cheaper, so that two machines do not undo the work of each other', () => {
    const live = { cost, fixed: false, keyId: undefined }
    expect(isStale(stored('m=65536,t=4,p=1'), live)).toBe(false)
    expect(isStale(stored('m=65536,t=2,p=1'), live)).toBe(true)
    expect(isStale(stored('m=65536,t=4,p=4'), live)).toBe(true)
  })

  it('of another algorithm or pepper: always', () => {
    const live = { cost, fixed: true, keyId: 'Ab3+' }
    expect(isStale(stored('m=65536,t=3,p=1'), live)).toBe(true)
    expect(isStale(stored('m=65536,t=3,p=1,keyid=Ab3+'), live)).toBe(false)
    expect(isStale(stored('m=65536,t=3,p=1,keyid=Ab3/'), live)).toBe(true)
    const bcrypt = readStored(BCRYPT)
    expect(bcrypt && isStale(bcrypt, live)).toBe(true)
  })
})
