import { generateKeyPairSync } from 'node:crypto'
import {
  createSigner,
  formatCheckpoint,
  leafHash,
  signCheckpoint,
  signNote,
} from '@portcullis/transparency-log'
import { describe, expect, it } from 'vitest'
import { readHead } from '../../src/core/read-head.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = createSigner('shop/audit', privateKey)
const root = leafHash(Buffer.alloc(0))
const note = signCheckpoint({ size: 7, root }, signer)

describe('the head of a trail', () => {
  it('is read with the key, whatever the trail is called', () => {
    expect(readHead(note, publicKey)).toEqual({ origin: 'shop/audit', size: 7, root })
  })

  it('is refused with another key, another size, or anything added', () => {
    expect(readHead(note, generateKeyPairSync('ed25519').publicKey)).toBe('wrong-key')
    expect(readHead(note.replace('\n7\n', '\n8\n'), publicKey)).toBe('bad-signature')
    expect(readHead(note.replace('\n7\n', '\n07\n'), publicKey)).toBe('bad-signature')
    for (const changed of [`${note}x`, '', '\n', 'shop/audit', note.slice(0, -1), `a b\n${note}`]) {
      expect(readHead(changed, publicKey)).toBe('malformed')
    }
  })

  it('is refused with a line that nothing protects, and with a name or line of its own', () => {
    const stranger = createSigner('stranger', generateKeyPairSync('ed25519').privateKey)
    const text = formatCheckpoint({ origin: 'shop/audit', size: 7, root })
    expect(readHead(signNote(text, [signer, stranger]), publicKey)).toBe('malformed')
    expect(readHead(signNote(text, [createSigner('another', privateKey)]), publicKey)).toBe('wrong-key')
    expect(readHead(signNote(`${text}more\n`, [signer]), publicKey)).toBe('malformed')
  })
})
