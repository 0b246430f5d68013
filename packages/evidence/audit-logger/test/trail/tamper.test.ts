import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import {
  appendLeaf,
  createRange,
  createSigner,
  leafHash,
  rangeRoot,
  signCheckpoint,
} from '@portcullis/transparency-log'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runVerify } from '../../src/command.ts'
import { checkpointLine, eventLine, NO_LINE_BEFORE } from '../../src/core/line.ts'
import { auditLogger, verify } from '../../src/index.ts'
import { directory, keys, publicKey, rawLines, recordsIn, removeTrails, trailOptions } from '../trails.ts'

afterAll(removeTrails)

const original = trailOptions()

beforeAll(async () => {
  const app = Fastify()
  void app.register(auditLogger, original)
  app.get('/', () => 'hello')
  await app.ready()
  // Batches of one and of several.
  for (const count of [1, 1, 5, 1, 8, 3]) {
    await Promise.all(Array.from({ length: count }, () => app.inject('/')))
    await app.audit.flush()
  }
  await app.close()
})

/** A copy of the trail with its lines changed. */
function tampered(change: (lines: string[]) => string[]): string {
  const copy = directory()
  cpSync(original.directory, copy, { recursive: true })
  writeFileSync(
    join(copy, 'audit.jsonl'),
    change(rawLines(copy))
      .map((line) => `${line}\n`)
      .join(''),
  )
  return copy
}

const isEvent = (line: string): boolean => line.startsWith('{"seq"')
const eventsOf = (lines: readonly string[]): number[] =>
  lines.flatMap((line, index) => (isEvent(line) ? [index] : []))

async function faultOf(copy: string, checkpoint?: string): Promise<string> {
  const { ok, fault } = await verify(copy, { publicKey, checkpoint })
  return ok || fault === undefined ? 'ok' : `${fault.kind} ${fault.line}`
}

describe('verify', () => {
  it('finds nothing wrong with a trail that nobody touched', async () => {
    const report = await verify(original.directory, { publicKey })
    expect(report).toMatchObject({ ok: true, events: recordsIn(original.directory).length })
    expect(report.checkpoints).toBeGreaterThan(6)
  })

  it('names the line in which one byte was edited, wherever it is', async () => {
    const lines = rawLines(original.directory)
    for (const index of eventsOf(lines)) {
      const line = lines[index] ?? ''
      for (const at of [9, 20, line.indexOf('"time"') + 12, line.length - 3]) {
        const byte = line[at] === '0' ? '1' : '0'
        const copy = tampered((all) => all.with(index, line.slice(0, at) + byte + line.slice(at + 1)))
        const { ok, fault } = await verify(copy, { publicKey })
        expect([index, at, ok, fault?.line]).toEqual([index, at, false, index + 1])
      }
    }
  })

  it('names the checkpoint in which one byte was edited', async () => {
    const lines = rawLines(original.directory)
    for (const [index, line] of lines.entries()) {
      if (isEvent(line)) continue
      const at = line.length - 20
      const copy = tampered((all) =>
        all.with(index, `${line.slice(0, at)}${line[at] === 'A' ? 'B' : 'A'}${line.slice(at + 1)}`),
      )
      expect(await faultOf(copy)).toBe(`bad-signature ${index + 1}`)
    }
  })

  it('names where a line is missing', async () => {
    for (const index of eventsOf(rawLines(original.directory))) {
      const copy = tampered((lines) => lines.toSpliced(index, 1))
      expect(await faultOf(copy)).toBe(`missing ${index + 1}`)
    }
  })

  it('names a line that was inserted, as a copy or as a forgery that continues the chain', async () => {
    for (const index of eventsOf(rawLines(original.directory))) {
      const copied = tampered((lines) => lines.toSpliced(index + 1, 0, lines[index] ?? ''))
      // Of two lines that are the same, either is the copy.
      expect([`inserted ${index + 1}`, `inserted ${index + 2}`]).toContain(await faultOf(copied))
      const forged = tampered((lines) => {
        const { prev, seq, ...body } = JSON.parse(lines[index] ?? '') as { prev: string; seq: number }
        return lines.toSpliced(
          index,
          0,
          eventLine({ seq, prev }, JSON.stringify(body)).toString().replace('200', '500'),
        )
      })
      expect(await faultOf(forged)).toBe(`inserted ${index + 1}`)
    }
  })

  it('finds lines that changed places', async () => {
    const events = eventsOf(rawLines(original.directory))
    for (const [position, index] of events.entries()) {
      const other = events[position + 1]
      if (other === undefined) continue
      const copy = tampered((lines) => lines.with(index, lines[other] ?? '').with(other, lines[index] ?? ''))
      expect(await faultOf(copy)).toBe(`missing ${index + 1}`)
    }
  })

  it('finds a trail that was cut, at every line', async () => {
    const { length } = rawLines(original.directory)
    for (let keep = 0; keep < length; keep++) {
      expect(await faultOf(tampered((lines) => lines.slice(0, keep)))).toMatch(/truncated|unsigned/)
    }
  })

  it('finds lines that were added behind the last checkpoint', async () => {
    const copy = tampered((lines) => [...lines, '{"seq":1,"prev":"x"}'])
    const { length } = rawLines(original.directory)
    expect(await faultOf(copy)).toBe(`malformed ${length + 1}`)
    const last = recordsIn(original.directory).at(-1)
    const leaf = leafHash(Buffer.from(rawLines(original.directory).findLast(isEvent) ?? '')).toString(
      'base64url',
    )
    const line = eventLine({ seq: (last?.seq ?? 0) + 1, prev: leaf }, '{"type":"forged"}').toString()
    expect(await faultOf(tampered((lines) => [...lines, line]))).toBe(`unsigned ${length + 1}`)
  })

  it('finds another key', async () => {
    const report = await verify(original.directory, { publicKey: generateKeyPairSync('ed25519').publicKey })
    expect(report).toMatchObject({ ok: false, events: 0, fault: { kind: 'wrong-key' } })
  })

  it('finds a trail that was written anew with the stolen key, when a checkpoint was kept elsewhere', async () => {
    const kept = readFileSync(join(original.directory, 'checkpoint'), 'utf8')
    const copy = directory()
    const range = createRange()
    let prev = NO_LINE_BEFORE
    const lines = recordsIn(original.directory).map((record) => {
      const { seq: _seq, prev: _prev, ...body } = record
      const line = eventLine(
        { seq: range.size, prev },
        JSON.stringify({ ...body, severity: 'INFO', forged: true }),
      )
      appendLeaf(range, leafHash(line))
      prev = leafHash(line).toString('base64url')
      return line
    })
    const note = signCheckpoint(
      { size: range.size, root: rangeRoot(range) },
      createSigner('audit', keys.privateKey),
    )
    writeFileSync(
      join(copy, 'audit.jsonl'),
      [...lines, checkpointLine(note)].map((line) => `${line.toString()}\n`).join(''),
    )
    expect(await faultOf(copy)).toBe('ok')
    expect(await faultOf(copy, kept)).toMatch(/^rewritten/)
  })
})

describe('the command', () => {
  it('says what it found, by words and exit code', async () => {
    const key = join(directory(), 'key.pem')
    writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }))
    const said: string[] = []
    const run = (...args: string[]) => runVerify(args, (text) => void said.push(text))
    expect(await run(original.directory, '--key', key)).toBe(0)
    expect(said.join()).toContain('ok: ')
    expect(
      await run(
        tampered((lines) => lines.toSpliced(2, 1)),
        '--key',
        key,
      ),
    ).toBe(1)
    expect(said.join()).toContain('Line 3')
    expect(await run(original.directory)).toBe(2)
    expect(await run(directory(), '--key', key)).toBe(2)
    expect(await run(original.directory, '--key', join(directory(), 'none'))).toBe(2)
  })
})
