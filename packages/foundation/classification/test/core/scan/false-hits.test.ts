import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findInText } from '../../../src/index.ts'
import { randomOf } from '../../random.ts'

const MEGABYTE = 1_000_000
const HEX = '0123456789abcdef'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const random = randomOf()

function fill(line: () => string, size = 2 * MEGABYTE): string {
  const lines: string[] = []
  for (let length = 0; length < size;) {
    const next = line()
    lines.push(next)
    length += next.length + 1
  }
  return lines.join('\n')
}

const version = (): string =>
  `${random.below(20)}.${random.below(40)}.${random.below(30)}${random.of(['', '', '', '-rc.1', '-beta.12'])}`
const name = (): string => random.text(3 + random.below(10), 'abcdefghijklmnopqrstuvwxyz-')
const integrity = (): string => `sha512-${random.text(86, BASE64)}==`
const uuid = (): string =>
  `${random.text(8, HEX)}-${random.text(4, HEX)}-4${random.text(3, HEX)}-a${random.text(3, HEX)}-${random.text(12, HEX)}`
/** A snowflake: 42 bits of milliseconds since an epoch, and 22 that tell machines and calls apart. */
const snowflake = (epoch: number): string =>
  String(
    (BigInt(1_700_000_000_000 + random.below(90_000_000) * 1000 - epoch) << 22n) |
      BigInt(random.below(1 << 22)),
  )

const CORPORA: Readonly<Record<string, () => string>> = {
  'the lockfile of this repository': () => {
    const text = readFileSync(new URL('../../../../../../pnpm-lock.yaml', import.meta.url), 'utf8')
    return text.repeat(Math.ceil(MEGABYTE / text.length))
  },
  'lockfiles of pnpm': () =>
    fill(
      () =>
        `  '@${name()}/${name()}@${version()}(${name()}@${version()})':\n    resolution: {integrity: ${integrity()}}\n    engines: {node: '>=${version()}'}`,
    ),
  'lockfiles of npm': () =>
    fill(
      () =>
        `"node_modules/${name()}": {"version": "${version()}", "resolved": "https://registry.example/${name()}/-/${name()}-${version()}.tgz", "integrity": "${integrity()}"},`,
    ),
  'lockfiles of yarn': () =>
    fill(
      () =>
        `"${name()}@npm:^${version()}":\n  version: ${version()}\n  checksum: 10c0/${random.text(128, HEX)}`,
    ),
  'epoch milliseconds': () =>
    fill(
      () =>
        `{"level":30,"time":${1_600_000_000_000 + random.below(400_000_000) * 1000 + random.below(1000)},"msg":"done"}`,
    ),
  'epoch microseconds and nanoseconds': () =>
    fill(
      () =>
        `${1_600_000_000 + random.below(400_000_000)}${random.text(random.below(2) === 0 ? 6 : 9, '0123456789')}`,
    ),
  UUIDs: () => fill(uuid),
  'UUIDs in JSON': () => fill(() => `{"id":"${uuid()}","parent":"${uuid()}"}`),
  'snowflake ids': () =>
    fill(() => `{"id":"${snowflake(1_288_834_974_657)}","author":${snowflake(1_420_070_400_000)}}`),
  'hashes of commits': () =>
    fill(() => `${random.text(40, HEX)} ${random.text(7 + random.below(6), HEX)} ${name()}`),
  'dates and durations': () =>
    fill(
      () =>
        `2026-${10 + random.below(3)}-${10 + random.below(19)}T${10 + random.below(13)}:${10 + random.below(49)}:${10 + random.below(49)}.${random.text(3, '0123456789')}Z took ${random.below(100_000) / 1000} ms, ${random.below(10_000_000)} bytes`,
    ),
}

describe('what is nobody’s', () => {
  it.each(Object.entries(CORPORA))('is found at most once in a megabyte of %s', (_name, make) => {
    const text = make()
    const found = findInText(text)
    const shown = found
      .slice(0, 3)
      .map(({ infoType, start, end }) => `${infoType} ${text.slice(start - 20, end + 5)}`)
    expect(found.length / (text.length / MEGABYTE), shown.join('\n')).toBeLessThanOrEqual(1)
  })
})
