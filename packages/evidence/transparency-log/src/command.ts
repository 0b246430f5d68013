import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { TransparencyLogError } from './errors.ts'
import { proveEntry } from './folder/prove-entry.ts'
import { verifyLog } from './folder/verify-log.ts'
import { createVerifier } from './key/create-verifier.ts'
import { parseVerifierKey } from './key/parse-verifier-key.ts'
import type { Verifier } from './key/verifier.ts'
import { printable } from './note/printable.ts'
import { verifyProof } from './proof/verify-proof.ts'

const NAME = 'portcullis-transparency-log'
const USAGE = `${NAME} verify <folder> --key <key> [--held <checkpoint>]...
${NAME} prove <folder> --index <number> --key <key> --out <file>
${NAME} check <file.tlog-proof> --entry <file> --key <key>

  verify  every byte of a log in a folder
  prove   writes an entry, and <file>.tlog-proof with the proof that it is in the log
  check   that an entry is in a log, by its proof alone

  --key      the log's public key: name+id+key, or a file with that or with PEM (then with --origin)
  --origin   the log's name, where it is not the key's
  --held     a checkpoint that was kept elsewhere: finds a log that was cut, put back or written anew
  --witness  key of a witness that must have signed the checkpoint: name+id+key; may be repeated
  --quorum   how many of the witnesses must have signed; default all

Exit code: 0 it is what was logged, 1 it is not, 2 it could not be looked at.
`

const OPTIONS = {
  key: { type: 'string' },
  origin: { type: 'string' },
  held: { type: 'string', multiple: true },
  witness: { type: 'string', multiple: true },
  quorum: { type: 'string' },
  index: { type: 'string' },
  entry: { type: 'string' },
  out: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values']

/** Codes that tell what is wrong with what was looked at; the others tell what is wrong with the question. */
const ABOUT_THE_LOG = /_(?:MALFORMED|UNKNOWN_KEY|BAD_SIGNATURE|WRONG_ORIGIN|UNWITNESSED|BAD_PROOF|DAMAGED)$/

/** What makes the command print how it is used. */
class UsageError extends Error {}

function count(text: string | undefined, option: string): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new UsageError(`${option} takes a number`)
  return Number(text)
}

function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`${option} is missing`)
  return value
}

async function keyOf({ key, origin }: Values): Promise<Verifier> {
  const given = needed(key, '--key')
  const text = /^[^+\s]+\+[0-9a-f]{8}\+/.test(given) ? given : await readFile(given, 'utf8')
  if (!text.includes('-----BEGIN')) return parseVerifierKey(text.trim())
  return createVerifier(needed(origin, 'The key has no name: --origin'), text)
}

async function trustOf(values: Values): Promise<{
  key: Verifier
  origin: string | undefined
  witnesses: Verifier[]
  quorum: number | undefined
}> {
  return {
    key: await keyOf(values),
    origin: values.origin,
    witnesses: (values.witness ?? []).map((witness) => parseVerifierKey(witness)),
    quorum: values.quorum === undefined ? undefined : count(values.quorum, '--quorum'),
  }
}

async function verifyCommand(folder: string, values: Values, print: (text: string) => void): Promise<0 | 1> {
  const held = await Promise.all((values.held ?? []).map((file) => readFile(file)))
  const { fault, checkpoint, entries } = await verifyLog(folder, { ...(await trustOf(values)), held })
  if (fault === undefined && checkpoint !== undefined) {
    const { origin, root, cosignatures, unknown } = checkpoint
    print(`ok: ${printable(origin)}, ${entries} entries, root ${root.toString('base64')}`)
    for (const { name, time } of cosignatures) {
      print(`witnessed by ${name} at ${new Date((time ?? 0) * 1000).toISOString()}`)
    }
    if (unknown > 0) print(`${unknown} signatures are of unknown keys`)
    return 0
  }
  print(`NOT what was logged (${fault?.kind}). ${fault?.message}`)
  print(`${entries} entries from the first on are vouched for.`)
  return 1
}

async function proveCommand(folder: string, values: Values, print: (text: string) => void): Promise<0 | 1> {
  const out = needed(values.out, '--out')
  const trust = await trustOf(values)
  const { entry, proof } = await proveEntry(folder, count(values.index, '--index'), trust)
  await writeFile(out, entry)
  await writeFile(`${out}.tlog-proof`, proof)
  print(`ok: ${out} (${entry.length} bytes) and ${out}.tlog-proof`)
  return 0
}

async function checkCommand(file: string, values: Values, print: (text: string) => void): Promise<0 | 1> {
  const entry = await readFile(needed(values.entry, '--entry'))
  const { index, checkpoint } = verifyProof(await readFile(file), entry, await trustOf(values))
  print(`ok: entry ${index} of the ${checkpoint.size} of ${printable(checkpoint.origin)}`)
  return 0
}

const COMMANDS: Record<string, typeof verifyCommand> = {
  verify: verifyCommand,
  prove: proveCommand,
  check: checkCommand,
}

/**
 * The command `portcullis-transparency-log`.
 *
 * @param args what follows the command's name
 * @param print takes each line of the output
 * @returns the exit code: 0 it is what was logged, 1 it is not, 2 it could not be looked at
 */
export async function runTransparencyLog(
  args: readonly string[],
  print: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
    const [name = '', target, ...rest] = positionals
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command === undefined || target === undefined || rest.length > 0) {
      print(USAGE)
      return 2
    }
    return await command(target, values, print)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (error instanceof TransparencyLogError && ABOUT_THE_LOG.test(code)) {
      print(`NOT what was logged (${code}). ${message}`)
      return 1
    }
    print(`could not look: ${message}`)
    if (error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')) print(`\n${USAGE}`)
    return 2
  }
}
