import { createHash } from 'node:crypto'

/**
 * Ed25519 verification from the equations of RFC 8032, in whole numbers: slow, and written from the page alone, so that
 * the second verifier does not lean on the library that the first one leans on.
 */
const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n

const mod = (a: bigint): bigint => ((a % P) + P) % P

function power(base: bigint, exponent: bigint): bigint {
  let [result, square, rest] = [1n, mod(base), exponent]
  while (rest > 0n) {
    if (rest & 1n) result = mod(result * square)
    square = mod(square * square)
    rest >>= 1n
  }
  return result
}

const D = mod(-121665n * power(121666n, P - 2n))
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n)

/** x, y, z, t with x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032, 5.1.4). */
type Point = readonly [bigint, bigint, bigint, bigint]

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2))
  const b = mod((y1 + x1) * (y2 + x2))
  const c = mod(2n * t1 * t2 * D)
  const d = mod(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function multiply(scalar: bigint, point: Point): Point {
  let [sum, doubled, rest]: [Point, Point, bigint] = [[0n, 1n, 1n, 0n], point, scalar]
  while (rest > 0n) {
    if (rest & 1n) sum = add(sum, doubled)
    doubled = add(doubled, doubled)
    rest >>= 1n
  }
  return sum
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function decode(bytes: Uint8Array): Point | undefined {
  const number = littleEndian(bytes)
  const [sign, y] = [number >> 255n, number & (2n ** 255n - 1n)]
  if (y >= P) return undefined
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n))
  let x = power(square, (P + 3n) / 8n)
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE)
  if (mod(x * x) !== square || (x === 0n && sign === 1n)) return undefined
  if ((x & 1n) !== sign) x = P - x
  return [x, y, 1n, mod(x * y)]
}

const BASE_Y = mod(4n * power(5n, P - 2n))
const BASE = ((): Point => {
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => Number((BASE_Y >> BigInt(8 * at)) & 255n))
  const point = decode(bytes)
  if (point === undefined) throw new Error('the base point is on the curve')
  return point
})()

/** Whether the signature over the message is that key's. */
export function ed25519Holds(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  const [a, r] = [decode(key), decode(signature.subarray(0, 32))]
  const s = littleEndian(signature.subarray(32))
  if (a === undefined || r === undefined || s >= L) return false
  const digest = createHash('sha512').update(signature.subarray(0, 32)).update(key).update(message).digest()
  const [left, right] = [multiply(s, BASE), add(r, multiply(littleEndian(digest) % L, a))]
  return (
    mod(left[0] * right[2] - right[0] * left[2]) === 0n && mod(left[1] * right[2] - right[1] * left[2]) === 0n
  )
}
