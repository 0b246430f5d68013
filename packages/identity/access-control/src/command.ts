import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { diffMatrices, printDiff } from './core/diff.ts'
import { createMatrix } from './core/matrix.ts'
import type { AccessMatrix } from './core/matrix.ts'
import { PolicyError } from './core/policy.ts'
import type { AccessPolicy } from './core/policy.ts'

const USAGE = `portcullis-access print <policy.json> [--json]
portcullis-access diff <before.json> <after.json>

A policy is a file { "roles": { "user": ["orders:read:self"] }, "scopes": ["self"] }.

Exit code: 0 printed, or nothing changed; 1 something changed; 2 a policy could not be read.
`

function isPolicy(value: unknown): value is AccessPolicy {
  const isObject = (one: unknown): one is object =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
  const isNames = (one: unknown): boolean =>
    one === undefined || (Array.isArray(one) && one.every((item) => typeof item === 'string'))
  if (!isObject(value) || !('roles' in value) || !isObject(value.roles)) return false
  const isRole = (role: unknown): boolean =>
    Array.isArray(role)
      ? isNames(role)
      : isObject(role) &&
        Object.entries(role).every(
          ([key, list]) => ['inherits', 'allow', 'deny'].includes(key) && isNames(list),
        )
  return Object.values(value.roles).every(isRole) && isNames('scopes' in value ? value.scopes : undefined)
}

async function readMatrix(file: string): Promise<AccessMatrix> {
  const policy: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!isPolicy(policy)) throw new PolicyError(`${file} is no policy.`)
  return createMatrix(policy)
}

/**
 * The command `portcullis-access`.
 *
 * @param args what follows the command's name
 * @param print takes each part of the output
 * @returns the exit code: 0 printed or nothing changed, 1 something changed, 2 a policy could not be read
 */
export async function runAccess(args: readonly string[], print: (text: string) => void): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    })
    const [verb, first, second, ...more] = positionals
    if (verb === 'print' && first !== undefined && second === undefined) {
      const matrix = await readMatrix(first)
      print(values.json === true ? JSON.stringify(matrix, null, 2) : String(matrix))
      return 0
    }
    if (verb === 'diff' && first !== undefined && second !== undefined && more.length === 0) {
      const changes = diffMatrices(await readMatrix(first), await readMatrix(second))
      print(changes.length === 0 ? 'nothing changed' : printDiff(changes))
      return changes.length === 0 ? 0 : 1
    }
    print(USAGE)
  } catch (error) {
    print(`${(error as Error).message}\n\n${USAGE}`)
  }
  return 2
}
