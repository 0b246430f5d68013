import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519Holds } from './second-ed25519.ts'

/**
 * A second verifier, written from the README's section on the format alone. It shares no code with the package and goes about everything another
 * way: the whole log in memory, the tree by the recursive definition, Ed25519 in whole numbers, `true` or `false`.
 */

const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
const leaf = (entry: Uint8Array): Buffer => sha(Uint8Array.of(0), entry)

/** MTH of RFC 6962, 2.1, over leaf hashes. */
function treeHash(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes
  if (only === undefined) return sha()
  if (hashes.length === 1) return only
  const half = 2 ** Math.ceil(Math.log2(hashes.length) - 1)
  return sha(Uint8Array.of(1), treeHash(hashes.slice(0, half)), treeHash(hashes.slice(half)))
}

const decode64 = (text: string): Buffer | undefined =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) &&
  Buffer.from(text, 'base64').toString('base64') === text
    ? Buffer.from(text, 'base64')
    : undefined

const bundleOf = (entries: readonly Buffer[]): Buffer =>
  Buffer.concat(entries.flatMap((entry) => [Buffer.from([entry.length >> 8, entry.length & 255]), entry]))

interface Head {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
}

/** The checkpoint in a note, when the key `name+id+base64` has signed it and is named as its origin. */
export function secondCheckpoint(bytes: Uint8Array, key: string): Head | undefined {
  const [name = '', id = '', ...encoded] = key.split('+')
  const raw = Buffer.from(encoded.join('+'), 'base64').subarray(1)
  const note = new TextDecoder('utf-8', { ignoreBOM: true, fatal: false }).decode(bytes)
  if (!Buffer.from(note).equals(bytes) || note.length > 1024 * 1024) return undefined
  for (let at = 0; at < note.length; at++) if (note.charCodeAt(at) < 32 && note[at] !== '\n') return undefined
  const pieces = note.split('\n\n')
  const signed = pieces.pop() ?? ''
  if (pieces.length === 0 || !signed.endsWith('\n') || signed.length < 2) return undefined
  const text = `${pieces.join('\n\n')}\n`
  const lines = signed.slice(0, -1).split('\n')
  if (lines.length > 100) return undefined
  let found = 0
  for (const line of lines) {
    const [, signer, blob] = /^— ([^\p{White_Space}+]+) (\S+)$/u.exec(line) ?? []
    const signature = decode64(blob ?? '')
    if (signer === undefined || signature === undefined || signature.length < 5) return undefined
    if (signer !== name || signature.toString('hex').slice(0, 8) !== id) continue
    if (found > 0 || !ed25519Holds(raw, Buffer.from(text), signature.subarray(4))) return undefined
    found += 1
  }
  const [origin, size, root, ...more] = text.slice(0, -1).split('\n')
  const hash = decode64(root ?? '')
  if (found !== 1 || origin !== name || size === undefined || more.includes('')) return undefined
  if (!/^(0|[1-9][0-9]*)$/.test(size) || Number(size) > Number.MAX_SAFE_INTEGER || hash?.length !== 32)
    return undefined
  if ((size === '0') !== hash.equals(sha())) return undefined
  return { origin, size: Number(size), root: hash }
}

function pathOf(level: string, index: number, width: number): string {
  let name = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, '0')}/${name}`
  }
  return `tile/${level}/${name}${width < 256 ? `.p/${width}` : ''}`
}

function splitBundle(bytes: Buffer): Buffer[] | undefined {
  const entries: Buffer[] = []
  let rest = bytes
  while (rest.length > 0) {
    if (rest.length < 2 || rest.length < 2 + rest.readUInt16BE() || entries.length === 256) return undefined
    entries.push(rest.subarray(2, 2 + rest.readUInt16BE()))
    rest = rest.subarray(2 + rest.readUInt16BE())
  }
  return entries
}

function filesBelow(folder: string, path: string): string[] {
  if (!existsSync(join(folder, path))) return []
  if (!lstatSync(join(folder, path)).isDirectory()) return [path]
  return readdirSync(join(folder, path)).flatMap((name) => filesBelow(folder, `${path}/${name}`))
}

/**
 * Whether the log in the folder is what was logged, by the key `name+id+base64` and checkpoints that were kept.
 */
export function secondVerdict(folder: string, key: string, held: readonly Uint8Array[] = []): boolean {
  if (!existsSync(join(folder, 'checkpoint'))) return false
  const head = secondCheckpoint(readFileSync(join(folder, 'checkpoint')), key)
  if (head === undefined) return false
  const read = (path: string): Buffer | undefined =>
    existsSync(join(folder, path)) && lstatSync(join(folder, path)).isFile()
      ? readFileSync(join(folder, path))
      : undefined

  const entries: Buffer[] = []
  for (let index = 0; index * 256 < head.size; index++) {
    const width = Math.min(256, head.size - index * 256)
    const bundle = read(pathOf('entries', index, width))
    const found = bundle === undefined ? undefined : splitBundle(bundle)
    if (found?.length !== width) return false
    entries.push(...found)
  }
  const leaves = entries.map(leaf)
  const levels = [leaves]
  for (let hashes = leaves; hashes.length >= 256; levels.push(hashes)) {
    hashes = Array.from({ length: Math.floor(hashes.length / 256) }, (_, at) =>
      treeHash(hashes.slice(at * 256, at * 256 + 256)),
    )
  }
  /** The one right content of a file that may be there. */
  const right = (path: string): Buffer | undefined => {
    const [, level = '', digits = '', part] = /^tile\/([^/]+)\/([^.]+)(?:\.p\/(.+))?$/.exec(path) ?? []
    const [index, width] = [Number(digits.replace(/[x/]/g, '')), Number(part ?? 256)]
    const all = level === 'entries' ? entries : (levels[Number(level)] ?? [])
    const some = all.slice(index * 256, index * 256 + width)
    const isThere = pathOf(level, index, width) === path && some.length === width && width > 0
    if (!isThere || (level !== 'entries' && String(Number(level)) !== level)) return undefined
    return level === 'entries' ? bundleOf(some) : Buffer.concat(some)
  }
  for (const [level, hashes] of levels.entries()) {
    for (let from = 0; from < hashes.length; from += 256) {
      const path = pathOf(String(level), from / 256, Math.min(256, hashes.length - from))
      if (read(path) === undefined) return false
    }
  }
  if (!treeHash(leaves).equals(head.root)) return false
  for (const note of held) {
    const kept = secondCheckpoint(note, key)
    if (kept === undefined || kept.size > head.size) return false
    if (!treeHash(leaves.slice(0, kept.size)).equals(kept.root)) return false
  }
  return filesBelow(folder, 'tile').every((path) => {
    const content = right(path)
    return content !== undefined && read(path)?.equals(content) === true
  })
}

/** Whether the text of a `.tlog-proof` file proves that the entry is in the log of that key. */
export function secondProof(proof: Uint8Array, entry: Uint8Array, key: string): boolean {
  const text = Buffer.from(proof).toString()
  const gap = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(gap, 0)).split('\n')
  if (gap < 0 || lines.shift() !== 'c2sp.org/tlog-proof@v1') return false
  if (lines[0]?.startsWith('extra ') === true && !decode64(lines.shift()?.slice(6) ?? '')?.length)
    return false
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1]
  const head = secondCheckpoint(Buffer.from(text.slice(gap + 2)), key)
  const hashes = lines.map(decode64)
  if (index === undefined || head === undefined || !Buffer.from(text).equals(Buffer.from(proof))) return false
  if (hashes.some((hash) => hash?.length !== 32)) return false
  const root = rootFrom(Number(index), head.size, leaf(entry), hashes as Buffer[])
  return root?.equals(head.root) === true
}

/** The root that an inclusion proof leads to, by the recursion of RFC 6962, 2.1.1. */
export function rootFrom(
  index: number,
  size: number,
  hash: Buffer,
  proof: readonly Buffer[],
): Buffer | undefined {
  if (index >= size) return undefined
  if (size === 1) return proof.length === 0 ? hash : undefined
  const last = proof.at(-1)
  if (last === undefined) return undefined
  const half = 2 ** Math.ceil(Math.log2(size) - 1)
  const below = proof.slice(0, -1)
  if (index < half) {
    const left = rootFrom(index, half, hash, below)
    return left && sha(Uint8Array.of(1), left, last)
  }
  const right = rootFrom(index - half, size - half, hash, below)
  return right && sha(Uint8Array.of(1), last, right)
}

/** The roots of the earlier and the later tree that a consistency proof leads to (RFC 6962, 2.1.2). */
export function rootsFrom(
  first: number,
  second: number,
  firstRoot: Buffer,
  proof: readonly Buffer[],
  known = true,
): readonly [Buffer, Buffer] | undefined {
  if (first === second) {
    const [hash] = proof
    if (known) return proof.length === 0 ? [firstRoot, firstRoot] : undefined
    return proof.length === 1 && hash !== undefined ? [hash, hash] : undefined
  }
  const last = proof.at(-1)
  if (last === undefined) return undefined
  const half = 2 ** Math.ceil(Math.log2(second) - 1)
  const below = proof.slice(0, -1)
  if (first <= half) {
    const left = rootsFrom(first, half, firstRoot, below, known)
    return left && [left[0], sha(Uint8Array.of(1), left[1], last)]
  }
  const right = rootsFrom(first - half, second - half, firstRoot, below, false)
  return right && [sha(Uint8Array.of(1), last, right[0]), sha(Uint8Array.of(1), last, right[1])]
}
