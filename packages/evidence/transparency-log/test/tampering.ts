import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  appendEntries,
  decodeBundle,
  encodeBundle,
  formatCheckpoint,
  leafHash,
  signCheckpoint,
  signNote,
  tilePath,
} from '../src/index.ts'
import type { Signer, TileLevel } from '../src/index.ts'
import { newFolder } from './logs.ts'

/** Entries of the log that is tampered with: six full bundles, and one of 164. */
export const SIZE = 1_700
/** Places at which it is tampered with: the numbers of bundles. */
export const PLACES = [0, 1, 3, 5, 6]

/** What a tampering has to work on. */
interface Target {
  /** A copy of the log, to be changed. */
  readonly folder: string
  /** The number of a bundle. */
  readonly place: number
  readonly entries: readonly Buffer[]
  /** The owner's key. */
  readonly owner: Signer
  /** Checkpoints of the log's past, from when it had 300, 1,000 and 1,700 entries. */
  readonly past: readonly string[]
}

/** One way to tamper with a log. */
export interface Tampering {
  readonly name: string
  /** Where verification must say that the damage is. */
  readonly where: (target: Target) => RegExp
  /** Whether only a checkpoint that was kept elsewhere gives it away: whoever did it had the owner's key. */
  readonly held?: boolean
  readonly tamper: (target: Target) => unknown
}

const widthAt = (place: number, size = SIZE): number => Math.min(256, size - place * 256)
const pathAt = (level: TileLevel, place: number): string => tilePath(level, place, widthAt(place))
const LEVEL_1 = tilePath(1, 0, 6)

const readIn = ({ folder }: Target, path: string): Buffer => readFileSync(join(folder, path))
function put({ folder }: Target, path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}
function edit(target: Target, path: string, change: (bytes: Buffer) => Uint8Array): void {
  put(target, path, change(readIn(target, path)))
}
function editEntries(target: Target, change: (entries: Buffer[]) => Uint8Array[]): void {
  edit(target, pathAt('entries', target.place), (bytes) => {
    const changed = change(decodeBundle(bytes).map((entry) => Buffer.from(entry)))
    return Buffer.concat(changed.map((entry) => encodeBundle([entry])))
  })
}
const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    const place = at < 0 ? bytes.length + at : at
    bytes[place] = (bytes[place] ?? 0) ^ 1
    return bytes
  }
function swap({ folder }: Target, one: string, other: string): void {
  const [from, to, aside] = [join(folder, one), join(folder, other), join(folder, 'aside')]
  renameSync(from, aside)
  renameSync(to, from)
  renameSync(aside, to)
}
/** Puts a log of other entries in the place of this one. */
async function replaceBy(target: Target, entries: readonly Uint8Array[], signer: Signer): Promise<void> {
  const made = newFolder()
  await appendEntries(made, entries, { signer })
  rmSync(target.folder, { recursive: true })
  renameSync(made, target.folder)
}
const other = Buffer.from('another entry')
const within = (place: number): number => place * 256 + 77
const exactly = (path: string): RegExp => new RegExp(`^${path.replaceAll('.', '\\.')}$`)
const bundle = ({ place }: Target): RegExp => exactly(pathAt('entries', place))
const tile = ({ place }: Target): RegExp => exactly(pathAt(0, place))
const checkpoint = (): RegExp => /^checkpoint$/
const anywhere = (): RegExp => /./
/** The next bundle of the same width. */
const neighbour = (place: number): number => (place === 0 ? 1 : place === 6 ? 4 : place - 1)

/** Everything that can be done to the files of a log without its key. */
const BY_ANYBODY: readonly Tampering[] = [
  {
    name: 'a byte of an entry',
    where: bundle,
    tamper: (t) => edit(t, pathAt('entries', t.place), flip(-40)),
  },
  {
    name: 'a byte of the first entry',
    where: bundle,
    tamper: (t) => editEntries(t, (all) => [other, ...all.slice(1)]),
  },
  { name: 'a length', where: bundle, tamper: (t) => edit(t, pathAt('entries', t.place), flip(1)) },
  {
    name: 'an entry and its hash',
    where: anywhere,
    tamper(t) {
      editEntries(t, (all) => all.with(77, other))
      edit(t, pathAt(0, t.place), (bytes) => (leafHash(other).copy(bytes, 77 * 32), bytes))
    },
  },
  { name: 'an entry deleted', where: bundle, tamper: (t) => editEntries(t, (all) => all.toSpliced(77, 1)) },
  {
    name: 'an entry doubled',
    where: bundle,
    tamper: (t) => editEntries(t, (all) => [...all.slice(0, 78), ...all.slice(77)]),
  },
  {
    name: 'an entry inserted',
    where: bundle,
    tamper: (t) => editEntries(t, (all) => all.toSpliced(77, 0, other)),
  },
  {
    name: 'an empty entry at the end',
    where: bundle,
    tamper: (t) => edit(t, pathAt('entries', t.place), (bytes) => Buffer.concat([bytes, Buffer.alloc(2)])),
  },
  {
    name: 'two entries swapped',
    where: bundle,
    tamper: (t) => editEntries(t, (all) => all.with(77, all[78] ?? other).with(78, all[77] ?? other)),
  },
  { name: 'all entries reversed', where: bundle, tamper: (t) => editEntries(t, (all) => all.toReversed()) },
  {
    name: 'two entries run together',
    where: bundle,
    tamper: (t) =>
      editEntries(t, (all) => all.toSpliced(77, 2, Buffer.concat([all[77] ?? other, all[78] ?? other]))),
  },
  {
    name: 'a bundle cut by a byte',
    where: bundle,
    tamper: (t) => edit(t, pathAt('entries', t.place), (bytes) => bytes.subarray(0, -1)),
  },
  {
    name: 'a byte behind a bundle',
    where: bundle,
    tamper: (t) => edit(t, pathAt('entries', t.place), (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
  },
  { name: 'a bundle emptied', where: bundle, tamper: (t) => put(t, pathAt('entries', t.place), '') },
  {
    name: 'a bundle deleted',
    where: bundle,
    tamper: (t) => rmSync(join(t.folder, pathAt('entries', t.place))),
  },
  {
    name: 'a bundle longer than any',
    where: bundle,
    tamper: (t) => put(t, pathAt('entries', t.place), Buffer.alloc(256 * 65_537 + 1)),
  },
  {
    name: 'a directory in the place of a bundle',
    where: bundle,
    tamper(t) {
      rmSync(join(t.folder, pathAt('entries', t.place)))
      mkdirSync(join(t.folder, pathAt('entries', t.place)))
    },
  },
  { name: 'a byte of a tile', where: tile, tamper: (t) => edit(t, pathAt(0, t.place), flip(77 * 32 + 5)) },
  {
    name: 'a tile cut by a hash',
    where: tile,
    tamper: (t) => edit(t, pathAt(0, t.place), (bytes) => bytes.subarray(32)),
  },
  {
    name: 'a hash behind a tile',
    where: tile,
    tamper: (t) => edit(t, pathAt(0, t.place), (bytes) => Buffer.concat([bytes, bytes.subarray(0, 32)])),
  },
  { name: 'a tile deleted', where: tile, tamper: (t) => rmSync(join(t.folder, pathAt(0, t.place))) },
  {
    name: 'two tiles swapped',
    where: anywhere,
    tamper: (t) => swap(t, pathAt(0, t.place), pathAt(0, neighbour(t.place))),
  },
  {
    name: 'two bundles swapped',
    where: anywhere,
    tamper: (t) => swap(t, pathAt('entries', t.place), pathAt('entries', neighbour(t.place))),
  },
  {
    name: 'two bundles and their tiles swapped',
    where: anywhere,
    tamper(t) {
      for (const level of ['entries', 0] as const)
        swap(t, pathAt(level, t.place), pathAt(level, neighbour(t.place)))
    },
  },
  {
    name: 'a byte of the tile above',
    where: () => /^tile\/1\/000\.p\/6$/,
    tamper: (t) => edit(t, LEVEL_1, flip(t.place < 6 ? t.place * 32 : 5)),
  },
  {
    name: 'the tile above deleted',
    where: () => /^tile\/1\/000\.p\/6$/,
    tamper: (t) => rmSync(join(t.folder, LEVEL_1)),
  },
  {
    name: 'the tile above cut',
    where: () => /^tile\/1\/000\.p\/6$/,
    tamper: (t) => edit(t, LEVEL_1, (bytes) => bytes.subarray(t.place + 1)),
  },
  {
    name: 'a tile too many',
    where: () => /^tile\//,
    tamper: (t) => put(t, tilePath(0, 7 + t.place), Buffer.alloc(8_192)),
  },
  {
    name: 'a bundle too many',
    where: () => /^tile\/entries/,
    tamper: (t) => put(t, tilePath('entries', 6 + t.place, 200), encodeBundle([other])),
  },
  {
    name: 'a level too many',
    where: () => /^tile\//,
    tamper: (t) => put(t, tilePath(2 + t.place, 0, 1), Buffer.alloc(32)),
  },
  {
    name: 'a part that is no beginning',
    where: () => /^tile\//,
    tamper: (t) => put(t, tilePath(0, t.place, 9), Buffer.alloc(9 * 32)),
  },
  {
    name: 'a part of a bundle that is none',
    where: () => /^tile\//,
    tamper: (t) =>
      edit(
        t,
        pathAt('entries', t.place),
        (bytes) => (put(t, tilePath('entries', t.place, 9), bytes.subarray(0, 50)), bytes),
      ),
  },
  {
    name: 'a file that no log has',
    where: () => /^tile\//,
    tamper: (t) =>
      put(t, `tile/0/${['0', '001.new', 'x000/001', '000.p/256', '.hidden'][PLACES.indexOf(t.place)]}`, 'x'),
  },
  {
    name: 'a link in the place of a tile',
    where: tile,
    tamper(t) {
      renameSync(join(t.folder, pathAt(0, t.place)), join(t.folder, 'elsewhere'))
      symlinkSync(join(t.folder, 'elsewhere'), join(t.folder, pathAt(0, t.place)))
    },
  },
  {
    name: 'a byte of the checkpoint',
    where: checkpoint,
    tamper: (t) => edit(t, 'checkpoint', flip([2, 17, 40, 80, -2][PLACES.indexOf(t.place)] ?? 0)),
  },
  {
    name: 'the checkpoint cut',
    where: checkpoint,
    tamper: (t) => edit(t, 'checkpoint', (bytes) => bytes.subarray(0, -1 - t.place)),
  },
  {
    name: 'something behind the checkpoint',
    where: checkpoint,
    tamper: (t) =>
      edit(t, 'checkpoint', (bytes) =>
        Buffer.concat([
          bytes,
          Buffer.from(['\n', 'x', '\n\n', ' ', '— a b\n'][PLACES.indexOf(t.place)] ?? ''),
        ]),
      ),
  },
  {
    name: 'a line of the checkpoint doubled',
    where: checkpoint,
    tamper: (t) => edit(t, 'checkpoint', (bytes) => double(bytes, PLACES.indexOf(t.place))),
  },
  { name: 'the checkpoint deleted', where: checkpoint, tamper: (t) => rmSync(join(t.folder, 'checkpoint')) },
  {
    name: 'another size',
    where: checkpoint,
    tamper: (t) =>
      edit(t, 'checkpoint', (bytes) =>
        Buffer.from(bytes.toString().replace('1700', String(1_699 - t.place))),
      ),
  },
  {
    name: 'only the checkpoint put back',
    where: () => /^tile\//,
    tamper: (t) => put(t, 'checkpoint', t.past[t.place % 2] ?? ''),
  },
]

/** A note with one of its lines twice. */
function double(note: Buffer, line: number): Buffer {
  const lines = note.toString().split('\n')
  return Buffer.from(lines.toSpliced(line, 0, lines[line] ?? '').join('\n'))
}

/** What somebody can do who has a key, and not this log's; or this log's, and not what was kept elsewhere. */
const BY_SIGNERS = (stranger: Signer): readonly Tampering[] => [
  {
    name: 'signed by another key of that name',
    where: checkpoint,
    tamper: (t) => replaceBy(t, t.entries.with(within(t.place), other), stranger),
  },
  {
    name: 'the name of another log',
    where: checkpoint,
    tamper(t) {
      const head = { origin: `example.com/log${t.place}`, size: SIZE, root: leafHash(other) }
      put(t, 'checkpoint', signNote(formatCheckpoint(head), [t.owner]))
    },
  },
  {
    name: 'another root, signed by the owner',
    where: anywhere,
    tamper: (t) => put(t, 'checkpoint', signCheckpoint({ size: SIZE, root: leafHash(other) }, t.owner)),
  },
  {
    name: 'a suffix rewritten by the owner',
    held: true,
    where: anywhere,
    tamper: (t) =>
      replaceBy(
        t,
        t.entries.map((entry, at) => (at >= within(t.place) ? other : entry)),
        t.owner,
      ),
  },
  {
    name: 'an entry rewritten by the owner, and more appended',
    held: true,
    where: anywhere,
    tamper: (t) => replaceBy(t, [...t.entries.with(within(t.place), other), other], t.owner),
  },
  {
    name: 'cut by the owner',
    held: true,
    where: checkpoint,
    tamper: (t) => replaceBy(t, t.entries.slice(0, within(t.place)), t.owner),
  },
  {
    name: 'an entry taken out by the owner',
    held: true,
    where: anywhere,
    tamper: (t) => replaceBy(t, t.entries.toSpliced(within(t.place), 1), t.owner),
  },
  {
    name: 'reordered by the owner',
    held: true,
    where: anywhere,
    tamper: (t) =>
      replaceBy(t, [...t.entries.slice(0, t.place), ...t.entries.slice(t.place).toReversed()], t.owner),
  },
  {
    name: 'begun anew by the owner',
    held: true,
    where: anywhere,
    tamper: (t) => replaceBy(t, t.place === 0 ? [] : [other], t.owner),
  },
]

/** All of them. */
export function tamperings(stranger: Signer): readonly Tampering[] {
  return [...BY_ANYBODY, ...BY_SIGNERS(stranger)]
}
