import { isIPv4 } from 'node:net'

/** How an address becomes a partition. */
export interface AddressOptions {
  /** Length of the IPv6 prefix that counts as one client, 1 to 128. Default: 64, the smallest subnet a site gets. */
  readonly ipv6Subnet?: number
}

/** Bytes in hexadecimal, without and with a leading zero; three times as fast as formatting a number. */
const SHORT = Array.from({ length: 256 }, (_, byte) => byte.toString(16))
const LONG = SHORT.map((text) => text.padStart(2, '0'))
const COLON = 0x3a
const DOT = 0x2e
/** An address with a zone, brackets and a port is well below this. */
const MAX_LENGTH = 128

/**
 * The partition of a client address: an IPv4 address, or an IPv6 prefix such as `2001:db8:0:1::/64`; `undefined` when
 * the input is no address (`unknown`, an obfuscated identifier of RFC 7239, garbage). The same client has one form:
 * - port, brackets and zone id are dropped (`[fe80::1%eth0]:443`, `192.0.2.1:4711`);
 * - an IPv4 address inside IPv6 is that IPv4 address: mapped and compatible (RFC 4291), NAT64 `64:ff9b::/96`
 *   (RFC 6052), and the client of a Teredo tunnel (RFC 4380), whose last 32 bits are inverted;
 * - a 6to4 network (RFC 3056) is its /48, which one IPv4 address owns;
 * - any other IPv6 address is its /64, or the prefix of `ipv6Subnet`.
 */
export function canonicalAddress(address: string, options: AddressOptions = {}): string | undefined {
  if (typeof address !== 'string' || address.length > MAX_LENGTH) return undefined
  // How a dual-stack socket writes every IPv4 client: worth a way of its own.
  if (address.startsWith('::ffff:') && isIPv4(address.slice(7))) return address.slice(7)
  const bare = address.includes(':') ? withoutPort(address) : address
  if (!bare.includes(':')) return isIPv4(bare) ? bare : undefined
  const zone = bare.indexOf('%')
  const groups = parseIPv6(zone > 0 && zone < bare.length - 1 ? bare.slice(0, zone) : bare)
  return groups === undefined ? undefined : partition(groups, options.ipv6Subnet ?? 64)
}

/** Drops `[...]`, `[...]:port` and the port of an IPv4 address. */
function withoutPort(address: string): string {
  if (address.startsWith('[')) {
    const match = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(address)
    return match?.[1]?.includes(':') === true ? match[1] : ''
  }
  const colon = address.indexOf(':')
  const onlyOne = colon > 0 && address.indexOf(':', colon + 1) < 0
  return onlyOne && /^\d{1,5}$/.test(address.slice(colon + 1)) ? address.slice(0, colon) : address
}

function partition(g: readonly number[], subnet: number): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, high = 0, low = 0] = g
  const zeros = (b | c | d | e) === 0
  if (zeros && a === 0 && (f === 0xffff || (f === 0 && high !== 0))) return ipv4(high, low)
  if (a === 0x64 && b === 0xff9b && (c | d | e | f) === 0) return ipv4(high, low)
  if (a === 0x2001 && b === 0) return ipv4(high ^ 0xffff, low ^ 0xffff)
  return prefix(g, a === 0x2002 ? Math.min(48, subnet) : subnet)
}

function ipv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function prefix(groups: readonly number[], length: number): string {
  const whole = Math.ceil(length / 16)
  let text = ''
  for (let index = 0; index < whole; index += 1) {
    const bits = Math.min(16, length - index * 16)
    const group = (groups[index] ?? 0) & (0xffff << (16 - bits))
    const low = group & 255
    text += group < 256 ? SHORT[group] : `${SHORT[group >> 8]}${LONG[low]}`
    text += ':'
  }
  return whole < 8 ? `${text}:/${length}` : `${text.slice(0, -1)}/${length}`
}

/**
 * The eight groups of an IPv6 address in any form of RFC 4291, section 2.2; `undefined` when it is none. One pass over
 * the characters, no allocation per group.
 */
function parseIPv6(text: string): number[] | undefined {
  const groups: number[] = []
  let gap = -1
  let at = 0
  if (text.startsWith('::')) {
    gap = 0
    at = 2
  }
  while (at < text.length) {
    const start = at
    let value = 0
    for (
      let digit = hex(text.charCodeAt(at));
      digit >= 0 && at - start < 4;
      digit = hex(text.charCodeAt(at))
    ) {
      value = value * 16 + digit
      at += 1
    }
    if (at === start) return undefined
    if (text.charCodeAt(at) === DOT) {
      const tail = text.slice(start)
      if (!isIPv4(tail)) return undefined
      const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number)
      groups.push(a * 256 + b, c * 256 + d)
      break
    }
    groups.push(value)
    if (groups.length > 8) return undefined
    if (at === text.length) break
    if (text.charCodeAt(at) !== COLON) return undefined
    at += 1
    if (at === text.length) return undefined
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined
      gap = groups.length
      at += 1
    }
  }
  if (gap < 0) return groups.length === 8 ? groups : undefined
  // The gap stands for one group of zeros at least.
  if (groups.length > 7) return undefined
  const all = [0, 0, 0, 0, 0, 0, 0, 0]
  const behind = 8 - groups.length
  for (let index = 0; index < groups.length; index += 1) {
    all[index < gap ? index : index + behind] = groups[index] ?? 0
  }
  return all
}

/** Value of a hexadecimal digit by its character code; -1 for anything else. */
function hex(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
