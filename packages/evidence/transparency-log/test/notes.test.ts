import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  createSigner,
  createVerifier,
  EMPTY_ROOT,
  formatCheckpoint,
  formatVerifierKey,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  privateKeyOf,
  publicKeyOf,
  signCheckpoint,
  signNote,
} from '../src/index.ts'
import { keyLine, newSigner, reasonOf } from './logs.ts'
import { runs } from './runs.ts'
import { secondCheckpoint } from './second-verifier.ts'
import { NOTE, ROOTS } from './vectors.ts'

// The deep tier runs fifty times as many, and the machine may have more to do.
vi.setConfig({ testTimeout: 600_000 })

const [root = EMPTY_ROOT] = ROOTS
const peter = parseVerifierKey(NOTE.key)
const enoch = parseVerifierKey(NOTE.otherKey)
const signed = `${NOTE.text}\n${NOTE.line}`

describe('a signed note', () => {
  it('is byte for byte the published one', () => {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), NOTE.seed])
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    expect(signNote(NOTE.text, [createSigner('PeterNeumann', key)])).toBe(signed)
    expect(keyLine(createSigner('PeterNeumann', key))).toBe(NOTE.key)
  })

  it('is read as the published tests read it', async () => {
    expect(openNote(signed, [peter])).toMatchObject({ text: NOTE.text, unknown: 0 })
    expect(openNote(signed + NOTE.otherLine, [peter])).toMatchObject({
      unknown: 1,
      signatures: [{ name: 'PeterNeumann', keyId: 'c74f20a3' }],
    })
    expect(openNote(signed + NOTE.otherLine, [peter, enoch]).signatures).toHaveLength(2)
    const broken = NOTE.line.slice(0, 60) + 'ABCD' + NOTE.line.slice(60)
    const cases: [string, string][] = [
      [NOTE.text, 'MALFORMED'],
      [`${NOTE.text}\n`, 'MALFORMED'],
      [signed.slice(0, -1), 'MALFORMED'],
      [`\u0001${signed}`, 'MALFORMED'],
      [`${signed}Unexpected line.\n`, 'MALFORMED'],
      [`${NOTE.text}\n${NOTE.line.replace('PeterNeumann', 'Bad Name')}`, 'MALFORMED'],
      [`${NOTE.text}\n${NOTE.line.replace('PeterNeumann', 'Bad+Name')}`, 'MALFORMED'],
      [`${NOTE.text}\n${NOTE.line.repeat(101)}`, 'MALFORMED'],
      [signed + NOTE.line, 'MALFORMED'],
      [`${NOTE.text}\n${broken}`, 'BAD_SIGNATURE'],
      [signed.replace('answer', 'Answer'), 'BAD_SIGNATURE'],
      [`${NOTE.text}\n${NOTE.otherLine}`, 'UNKNOWN_KEY'],
      [signed.replace('JnAM=', 'JnAN='), 'MALFORMED'],
      [signed.replaceAll('\n', '\r\n'), 'MALFORMED'],
      ['', 'MALFORMED'],
      ['\n\n', 'MALFORMED'],
      ['x'.repeat(2 ** 21), 'MALFORMED'],
      ['\ud800', 'MALFORMED'],
    ]
    for (const [note, reason] of cases) {
      expect([note.slice(0, 99), await reasonOf(() => openNote(note, [peter]))]).toEqual([
        note.slice(0, 99),
        reason,
      ])
    }
    const bytes = Buffer.concat([Buffer.of(0xff), Buffer.from(signed)])
    expect(await reasonOf(() => openNote(bytes, [peter]))).toBe('MALFORMED')
    expect(await reasonOf(() => openNote(signed, []))).toBe('UNKNOWN_KEY')
    expect(await reasonOf(() => openNote(undefined as unknown as string, [peter]))).toBe('MALFORMED')
  })

  it('may have empty lines in its text, which ends at the last one', () => {
    const signer = newSigner()
    const text = 'one\n\n\ntwo\n'
    expect(openNote(signNote(text, [signer]), [signer.verifier]).text).toBe(text)
  })

  it('is not signed when it could not be read', async () => {
    const signer = newSigner()
    expect(await reasonOf(() => signNote('no line break', [signer]))).toBe('INVALID_ARGUMENT')
    expect(await reasonOf(() => signNote('text\n', []))).toBe('INVALID_ARGUMENT')
    expect(await reasonOf(() => signNote('a\tb\n', [signer]))).toBe('MALFORMED')
  })
})

describe('a verifier key', () => {
  it('is refused in every piece and with every byte changed', async () => {
    for (let from = 0; from <= NOTE.key.length; from += 3) {
      for (let to = from + 1; to <= NOTE.key.length; to += 5) {
        if (from === 0 && to === NOTE.key.length) continue
        expect(await reasonOf(() => parseVerifierKey(NOTE.key.slice(from, to)))).toBe('INVALID_KEY')
      }
    }
    for (let at = 0; at < NOTE.key.length; at++) {
      const next = String.fromCharCode(NOTE.key.charCodeAt(at) + 1)
      const changed = NOTE.key.slice(0, at) + next + NOTE.key.slice(at + 1)
      expect(await reasonOf(() => parseVerifierKey(changed))).toBe('INVALID_KEY')
    }
    const others = [
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ]
    for (const key of others) expect(await reasonOf(() => parseVerifierKey(key))).toBe('INVALID_KEY')
  })

  it('is what it was written from, for logs and witnesses', () => {
    for (const type of ['ed25519', 'cosignature'] as const) {
      const { publicKey } = generateKeyPairSync('ed25519')
      const verifier = createVerifier('witness.example/ü', publicKey, type)
      const read = parseVerifierKey(formatVerifierKey(verifier))
      expect({ ...read, publicKey: 0 }).toEqual({ ...verifier, publicKey: 0 })
      expect(read.publicKey.equals(publicKey)).toBe(true)
    }
  })

  it('takes no other kind of key, and never quotes one', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const ed = generateKeyPairSync('ed25519')
    const pem = ed.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(publicKeyOf(pem).equals(ed.publicKey)).toBe(true)
    expect(publicKeyOf(ed.privateKey).equals(createPublicKey(pem))).toBe(true)
    expect(privateKeyOf(pem).equals(ed.privateKey)).toBe(true)
    for (const key of [rsa.privateKey, rsa.publicKey, 'nonsense', '']) {
      expect(await reasonOf(() => publicKeyOf(key))).toBe('INVALID_KEY')
      expect(await reasonOf(() => privateKeyOf(key))).toBe('INVALID_KEY')
    }
    expect(await reasonOf(() => privateKeyOf(ed.publicKey))).toBe('INVALID_KEY')
    expect(() => privateKeyOf(pem.slice(0, 60))).toThrow(/^(?!.*MC4CAQ).*$/s)
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u0085b', 'a\nb', 'a\u0001b', '\ud800']) {
      expect(await reasonOf(() => createVerifier(name, ed.publicKey))).toBe('INVALID_KEY')
    }
  })
})

describe('a checkpoint', () => {
  const signer = newSigner('example.com/log')
  const key = signer.verifier

  it('has three lines, and the empty log has one too', () => {
    const note = signCheckpoint({ size: 7, root }, signer)
    expect(note.split('\n').slice(0, 4)).toEqual(['example.com/log', '7', root.toString('base64'), ''])
    expect(openCheckpoint(note, { key })).toMatchObject({
      origin: 'example.com/log',
      size: 7,
      root,
      extensions: [],
    })
    expect(openCheckpoint(signCheckpoint({ size: 0, root: EMPTY_ROOT }, signer), { key }).size).toBe(0)
  })

  it('is the published example, which is well-formed', () => {
    // From c2sp.org/tlog-checkpoint (CC BY 4.0).
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(parseCheckpoint(text)).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text)
  })

  it('is refused in any other form, though it is signed', async () => {
    const hash = root.toString('base64')
    const texts = [
      'example.com/log\n',
      'example.com/log\n7\n',
      `example.com/log\n07\n${hash}\n`,
      `example.com/log\n-7\n${hash}\n`,
      `example.com/log\n+7\n${hash}\n`,
      `example.com/log\n7.0\n${hash}\n`,
      `example.com/log\n 7\n${hash}\n`,
      `example.com/log\n1e3\n${hash}\n`,
      `example.com/log\n\n${hash}\n`,
      `example.com/log\n9007199254740992\n${hash}\n`,
      `example.com/log\n99999999999999999999\n${hash}\n`,
      `example.com/log\n7\n${hash.slice(4)}\n`,
      `example.com/log\n7\n${hash.slice(0, -1)}\n`,
      `example.com/log\n7\n${hash.slice(0, -2)}2=\n`,
      `example.com/log\n7\n${root.toString('hex')}\n`,
      `example.com/log\n7\n${hash} \n`,
      `example.com/log\n7\n${hash}\n\nmore\n`,
      `\n7\n${hash}\n`,
      `example.com/log\n0\n${hash}\n`,
      `example.com/log\n7\n${EMPTY_ROOT.toString('base64')}\n`,
    ]
    for (const text of texts) {
      const note = signNote(text, [signer])
      expect([text, await reasonOf(() => openCheckpoint(note, { key }))]).toEqual([text, 'MALFORMED'])
      expect(secondCheckpoint(Buffer.from(note), keyLine(signer))).toBeUndefined()
    }
    const extended = signNote(`example.com/log\n7\n${hash}\nmore\n`, [signer])
    expect(openCheckpoint(extended, { key }).extensions).toEqual(['more'])
  })

  it('of another log, another key or another name is refused', async () => {
    const other = newSigner('example.com/other')
    const again = newSigner('example.com/log')
    const note = signCheckpoint({ size: 7, root }, signer)
    expect(await reasonOf(() => openCheckpoint(note, { key: other.verifier }))).toBe('UNKNOWN_KEY')
    expect(await reasonOf(() => openCheckpoint(note, { key: again.verifier }))).toBe('UNKNOWN_KEY')
    expect(await reasonOf(() => openCheckpoint(note, { key, origin: 'example.com/other' }))).toBe(
      'WRONG_ORIGIN',
    )
    const foreign = signNote(formatCheckpoint({ origin: 'example.com/other', size: 7, root }), [signer])
    expect(await reasonOf(() => openCheckpoint(foreign, { key }))).toBe('WRONG_ORIGIN')
    expect(openCheckpoint(foreign, { key, origin: 'example.com/other' }).size).toBe(7)
  })

  it('is not made of what is none', async () => {
    for (const head of [
      { size: -1, root },
      { size: 0.5, root },
      { size: Number.NaN, root },
      { size: 1, root: root.subarray(1) },
    ]) {
      expect(await reasonOf(() => signCheckpoint(head, signer))).toBe('INVALID_ARGUMENT')
    }
    for (const origin of ['', 'a\nb']) {
      expect(await reasonOf(() => formatCheckpoint({ origin, size: 1, root }))).toBe('INVALID_ARGUMENT')
    }
  })

  it('with any byte changed is refused, by both verifiers', async () => {
    const note = Buffer.from(signCheckpoint({ size: 7, root }, signer))
    for (let at = 0; at < note.length; at++) {
      for (const bit of [0, 2, 7]) {
        const changed = Buffer.from(note)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(await reasonOf(() => openCheckpoint(changed, { key }))).not.toBe('nothing')
      }
    }
  })

  it('made of anything at all never passes and never throws anything else', async () => {
    const note = signCheckpoint({ size: 7, root }, signer)
    const pieces = fc.constantFrom(
      ...note.split(/(?<=[\n ])/),
      '\n',
      '— ',
      ' ',
      '\u2028',
      'A',
      '=',
      '0',
      '\u0000',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 300 }),
          fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
          fc.uint8Array({ maxLength: 300 }),
        ),
        async (made) => {
          fc.pre(made !== note)
          const reason = await reasonOf(() => openCheckpoint(made, { key }))
          expect(['MALFORMED', 'UNKNOWN_KEY', 'BAD_SIGNATURE', 'WRONG_ORIGIN']).toContain(reason)
        },
      ),
      runs(2_000),
    )
  })

  it('by both verifiers alike, however it is changed', async () => {
    const note = signCheckpoint({ size: 7, root }, signer)
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(9), fc.string({ maxLength: 3 }), async (any, length, text) => {
        const at = any % note.length
        const changed = Buffer.from(note.slice(0, at) + text + note.slice(at + length))
        const first = await reasonOf(() => openCheckpoint(changed, { key }))
        const second = secondCheckpoint(changed, keyLine(signer)) !== undefined
        expect([changed.toString(), second]).toEqual([changed.toString(), first === 'nothing'])
      }),
      runs(300),
    )
  })
})
