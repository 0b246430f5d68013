import { isIP } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { canonicalAddress } from '../../src/core/address.ts'
import { property } from '../property.ts'

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::/64'],
    ['[2001:DB8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['::192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['64:ff9b::c000:201', '192.0.2.1'],
    ['2002:c000:201:1::1', '2002:c000:201::/48'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '192.0.2.45'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s is %s', (address, partition) => {
    expect(canonicalAddress(address)).toBe(partition)
  })

  it.each([
    '',
    'unknown',
    '_obfuscated',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1:',
    '192.0.2.1:port',
    '01.2.3.4',
    '2001:db8',
    ':::',
    '1::2::3',
    '[192.0.2.1]',
    '[::1',
    '::1]',
    '[::1]:',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1%',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    ' ::1',
    '::1 ',
    'undefined',
    ':'.repeat(500),
  ])('%j is no address', (text) => {
    expect(canonicalAddress(text)).toBeUndefined()
  })

  it('takes the prefix length of ipv6Subnet, and a 6to4 network never longer than its /48', () => {
    expect(canonicalAddress('2001:db8:1:2:3:4:5:6', { ipv6Subnet: 48 })).toBe('2001:db8:1::/48')
    expect(canonicalAddress('2001:db8:1:ffff:3:4:5:6', { ipv6Subnet: 56 })).toBe('2001:db8:1:ff00::/56')
    expect(canonicalAddress('2001:db8:1:2:3:4:5:6', { ipv6Subnet: 128 })).toBe('2001:db8:1:2:3:4:5:6/128')
    expect(canonicalAddress('2002:c000:201:1::1', { ipv6Subnet: 128 })).toBe('2002:c000:201::/48')
    expect(canonicalAddress('2002:c000:201:1::1', { ipv6Subnet: 32 })).toBe('2002:c000::/32')
  })

  it('is no address when it is no string', () => {
    expect(canonicalAddress(undefined as unknown as string)).toBeUndefined()
  })

  it('agrees with ipaddr.js on every form of every IPv6 address', () => {
    const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 8, maxLength: 8 }),
        fc.nat(7),
        fc.nat(8),
        (groups, from, length) => {
          const zeroed = groups.map((value, at) => (at >= from && at < from + length ? 0 : value))
          const full = zeroed.map((value) => value.toString(16)).join(':')
          const expected = canonicalAddress(full, { ipv6Subnet: 128 })
          expect(expected).toBeDefined()
          const parsed = ipaddr.IPv6.parse(full)
          for (const form of [
            parsed.toString(),
            parsed.toNormalizedString(),
            full.replace(/[^:]+/g, (value) => value.padStart(4, '0')),
            parsed.toRFC5952String(),
          ]) {
            expect(canonicalAddress(form, { ipv6Subnet: 128 })).toBe(expected)
            expect(canonicalAddress(`[${form.toUpperCase()}]:65535`, { ipv6Subnet: 128 })).toBe(expected)
          }
          if (expected?.endsWith('/128') === true) {
            expect(ipaddr.IPv6.parse(expected.slice(0, -4)).toNormalizedString()).toBe(
              parsed.toNormalizedString(),
            )
          }
        },
      ),
      property(2_000),
    )
  })

  it('accepts exactly what node:net accepts, and never throws', () => {
    const piece = fc.constantFrom(
      '::',
      ':',
      '0',
      '1',
      'ffff',
      'F',
      'db8',
      '192.0.2.1',
      '.',
      '%',
      '12345',
      'g',
      '1.2',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          // Brackets and ports are ours to drop; a zone is accepted by both.
          fc.pre(!text.includes('[') && !/^[^:]+:\d*$/.test(text) && !text.includes('%'))
          expect(canonicalAddress(text) !== undefined).toBe(isIP(text) !== 0)
        },
      ),
      property(5_000),
    )
  })

  it('canonicalising twice changes nothing for IPv4', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(canonicalAddress(`::ffff:${address}`)).toBe(address)
        expect(canonicalAddress(`64:ff9b::${address}`)).toBe(address)
      }),
      property(1_000),
    )
  })
})
