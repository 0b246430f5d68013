import { readFileSync } from 'node:fs'
import { readPrefixSet } from './core/prefix-set.ts'
import type { PrefixSet } from './core/prefix-set.ts'

const FILE = new URL('../data/common-passwords.bin', import.meta.url)

let loaded: PrefixSet | undefined

/** The most common passwords, by their canonical forms. Read once, when an app that uses it boots. */
export function commonPasswords(): PrefixSet {
  loaded ??= readPrefixSet(readFileSync(FILE))
  return loaded
}
