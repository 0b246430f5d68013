#!/usr/bin/env node
/** `npm run data` in this package: writes `data/common-passwords.bin` anew from its source. */
import { writeFileSync } from 'node:fs'
import { canonical } from '../dist/core/canonical.js'
import { writePrefixSet } from '../dist/core/prefix-set.js'
import { commonPasswords } from './common-passwords.mjs'

const passwords = commonPasswords()
const bytes = writePrefixSet(passwords.map(canonical))
writeFileSync(new URL('../data/common-passwords.bin', import.meta.url), bytes)

const entries = bytes.length / 4
console.log(`${passwords.length} passwords, ${entries} entries, ${bytes.length} bytes`)
console.log(`found by chance: 1 in ${Math.round(2 ** 32 / entries)}`)
