import { isSymmetric } from './algorithms.ts'
import type { Algorithm } from './algorithms.ts'
import { checkKey, KeyProblem } from './key.ts'
import type { CheckedKey, TokenKey } from './key.ts'

/** What is wrong with the algorithms that are allowed, if anything. */
export function complaintAboutAlgorithms(algorithms: readonly Algorithm[]): string | undefined {
  const symmetric = algorithms.filter(isSymmetric)
  if (symmetric.length === 0 || symmetric.length === algorithms.length) return undefined
  return `algorithms mixes ${symmetric.join(', ')} with asymmetric ones: whoever knows a public key could sign with it as a secret. Allow one kind.`
}

/**
 * Checks the keys of an app together.
 *
 * @throws KeyProblem naming the key by its place and `kid`
 */
export function checkKeys(
  keys: readonly TokenKey[],
  algorithms: readonly Algorithm[],
): readonly CheckedKey[] {
  if (keys.length === 0) throw new KeyProblem('keys is empty: give one that signs, or jwks.')
  const seen = new Set<string>()
  return keys.map((key, index) => {
    const name = `keys[${index}]${typeof key.kid === 'string' ? ` (kid ${JSON.stringify(key.kid.slice(0, 32))})` : ''}`
    if (!algorithms.includes(key.alg))
      throw new KeyProblem(
        `${name} has alg ${JSON.stringify(key.alg)}, and algorithms allows ${algorithms.join(', ')}.`,
      )
    if (seen.has(key.kid)) throw new KeyProblem(`${name}: another key has the same kid. Each has its own.`)
    seen.add(key.kid)
    try {
      return checkKey(key)
    } catch (error) {
      throw error instanceof KeyProblem ? new KeyProblem(`${name} ${error.message}.`) : error
    }
  })
}
