import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const policy = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8')

it('M28: a security report is private, answered within 48 hours, and never a public issue', () => {
  expect(policy).toMatch(/private vulnerability report/i)
  expect(policy).toMatch(/48 hours/)
  expect(policy).toMatch(/do not open a public issue/i)
  expect(policy).toMatch(/^## What to include$/m)
  expect(policy).toMatch(/^## Supported versions$/m)
})
