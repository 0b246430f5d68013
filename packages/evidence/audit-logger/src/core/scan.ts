import type { KeyObject } from 'node:crypto'
import { appendLeaf, createRange, leafHash, rangeRoot } from '@portcullis/transparency-log'
import type { Checkpoint, CompactRange } from '@portcullis/transparency-log'
import { envelopeOf, isCheckpoint, NO_LINE_BEFORE, noteIn } from './line.ts'
import { readHead } from './read-head.ts'
import type { NoteFault } from './read-head.ts'

/** What is wrong with a trail. */
export type FaultKind =
  | 'edited'
  | 'inserted'
  | 'missing'
  | 'malformed'
  | 'wrong-key'
  | 'bad-signature'
  | 'foreign'
  | 'unsigned'
  | 'truncated'
  | 'rewritten'

/** The first thing that is wrong with a trail. */
export interface Fault {
  readonly kind: FaultKind
  /** The line of `audit.jsonl`, from 1. */
  readonly line: number
  /** What was found, in a sentence. */
  readonly message: string
}

/** A state of the trail that a signature vouches for. */
export interface Sealed {
  readonly range: Readonly<CompactRange>
  /** Leaf hash of the last event, base64url. */
  readonly leaf: string
  /** Lines and bytes up to and with the checkpoint. */
  readonly line: number
  readonly bytes: number
}

/** What a scan found. */
export interface ScanResult {
  readonly fault: Fault | undefined
  /** The last checkpoint before the fault, or of all. */
  readonly sealed: Sealed
  readonly checkpoints: number
  /** Whether a line that claims to be a checkpoint comes after {@link sealed}: then it is no torn write. */
  readonly sealedLater: boolean
}

/** Reads a trail line by line, in bounded memory. */
export interface Scanner {
  /** Takes the next line, without its line break. */
  line(bytes: Buffer): void
  /** Takes what follows the last line break, and concludes. */
  end(rest: Buffer): ScanResult
}

/** A break of the chain between two lines: which of them was edited shows later. */
interface Suspicion {
  readonly earlier: number
  readonly later: number
  /** The tree as it would be, had the later line told the truth about the earlier one. */
  readonly range: CompactRange
}

const NOTE_FAULTS: Record<NoteFault, string> = {
  malformed: 'The checkpoint is malformed.',
  'wrong-key': 'The checkpoint was signed with another key.',
  'bad-signature': 'The signature of the checkpoint does not fit.',
}

/**
 * Checks a trail: each line's number and predecessor, each checkpoint's signature and tree hash.
 *
 * @param key the public key
 * @param held checkpoints that were kept elsewhere; the trail must agree with them
 * @param origin the name that the trail must have. Default: that of its first checkpoint
 */
export function createScanner(key: KeyObject, held: readonly Checkpoint[], origin?: string): Scanner {
  let name = origin
  const range = createRange()
  let fault: Fault | undefined
  let suspicion: Suspicion | undefined
  let line = 0
  let bytes = 0
  let checkpoints = 0
  let sealedLater = false
  let last = { leaf: NO_LINE_BEFORE, before: NO_LINE_BEFORE, line: 0, hash: undefined as Buffer | undefined }
  let sealed: Sealed = { range: createRange(), leaf: NO_LINE_BEFORE, line: 0, bytes: 0 }

  function fail(kind: FaultKind, at: number, message: string): void {
    fault ??= { kind, line: at, message: `Line ${at}: ${message}` }
  }

  /** One key may sign several trails: they are told apart by name, or one could be put in another's place. */
  function isForeign(head: Checkpoint, at: number): boolean {
    name ??= head.origin
    if (head.origin === name) return false
    fail('foreign', at, `The checkpoint is of the trail '${head.origin}', not of '${name}'.`)
    return true
  }

  for (const head of held) isForeign(head, 0)

  /** Moves the last event into the tree: it waits until the next line has spoken about it. */
  function settleLast(): void {
    if (last.hash === undefined) return
    appendLeaf(range, last.hash)
    if (suspicion !== undefined && last.line !== suspicion.earlier) appendLeaf(suspicion.range, last.hash)
    last = { ...last, hash: undefined }
    if (suspicion !== undefined) return
    for (const { size, root } of held) {
      if (size === range.size && !root.equals(rangeRoot(range))) {
        fail('rewritten', last.line, 'The trail up to here is not the one of the checkpoint that was kept.')
      }
    }
  }

  /** The sum of events so far, with the one that waits. */
  const counted = (): number => range.size + (last.hash === undefined ? 0 : 1)

  function wrongNumber(seq: number, prev: string): void {
    const expected = counted()
    if (suspicion !== undefined) fail('edited', suspicion.later, 'It is not the line that was recorded.')
    else if (seq === expected - 1 && prev === last.before && last.hash !== undefined)
      fail('inserted', last.line, 'It was inserted.')
    else if (seq > expected) fail('missing', line, `The event ${expected} is missing before it.`)
    else fail('inserted', line, `It has the number ${seq}, which was there before.`)
  }

  function wrongPredecessor(prev: string): void {
    if (suspicion !== undefined)
      return fail('edited', suspicion.later, 'It is not the line that was recorded.')
    // A signature vouches for the line before, so it is this one.
    if (last.hash === undefined) return fail('edited', line, 'It does not continue the line before.')
    suspicion = { earlier: last.line, later: line, range: createRange(range) }
    appendLeaf(suspicion.range, Buffer.from(prev, 'base64url'))
  }

  function event(record: Buffer): void {
    const envelope = envelopeOf(record)
    if (envelope === undefined) return fail('malformed', line, 'It is no line of a trail.')
    if (envelope.seq !== counted()) return wrongNumber(envelope.seq, envelope.prev)
    if (envelope.prev !== last.leaf) wrongPredecessor(envelope.prev)
    settleLast()
    const hash = leafHash(record)
    last = { leaf: hash.toString('base64url'), before: last.leaf, line, hash }
  }

  function checkpoint(record: Buffer): void {
    const head = readHead(noteIn(record), key)
    if (typeof head === 'string') return fail(head, line, NOTE_FAULTS[head])
    if (isForeign(head, line)) return
    settleLast()
    const agrees = head.size === range.size && head.root.equals(rangeRoot(range))
    if (suspicion !== undefined) {
      const earlier = head.size === suspicion.range.size && head.root.equals(rangeRoot(suspicion.range))
      return fail(
        'edited',
        earlier ? suspicion.earlier : suspicion.later,
        'It is not the line that was recorded.',
      )
    }
    if (head.size > range.size) return fail('missing', line, `The event ${range.size} is missing before it.`)
    if (head.size < range.size)
      return fail('inserted', last.line, 'The checkpoint after it does not count it.')
    if (!agrees) {
      return fail('edited', last.line, `It, or lines from ${sealed.line + 1} on, are not what was signed.`)
    }
    checkpoints += 1
    sealed = { range: createRange(range), leaf: last.leaf, line, bytes }
  }

  return {
    line(record) {
      line += 1
      bytes += record.length + 1
      if (fault !== undefined) sealedLater ||= isCheckpoint(record)
      else if (isCheckpoint(record)) {
        checkpoint(record)
        sealedLater = fault !== undefined
      } else event(record)
    },
    end(rest) {
      if (fault === undefined) {
        const at = sealed.line + 1
        if (suspicion !== undefined)
          fail('edited', suspicion.earlier, 'It is not the line that was recorded.')
        else if (rest.length > 0 || counted() > sealed.range.size)
          fail(
            'unsigned',
            at,
            'No checkpoint vouches for what follows: a torn write, or lines that were added.',
          )
        const newest = Math.max(0, ...held.map(({ size }) => size))
        if (newest > sealed.range.size && fault === undefined)
          fail('truncated', line + 1, `The trail ends after ${sealed.range.size} events; it had ${newest}.`)
      }
      return { fault, sealed, checkpoints, sealedLater }
    },
  }
}
