import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { verify } from './trail/verify.ts'

const USAGE = `portcullis-audit-verify <directory> --key <file> [--checkpoint <file>] [--origin <name>]

  --key         the Ed25519 public key, PEM
  --checkpoint  a checkpoint that was kept elsewhere: finds a trail that was cut or written anew
  --origin      the name that the trail must have

Exit code: 0 the trail is what was recorded, 1 it is not, 2 it could not be verified.
`

/**
 * The command `portcullis-audit-verify`.
 *
 * @param args what follows the command's name
 * @param print takes each line of the output
 * @returns the exit code: 0 the trail is good, 1 it is not, 2 it could not be verified
 */
export async function runVerify(args: readonly string[], print: (text: string) => void): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { key: { type: 'string' }, checkpoint: { type: 'string' }, origin: { type: 'string' } },
    })
    const [directory] = positionals
    if (directory === undefined || positionals.length > 1 || values.key === undefined) {
      print(USAGE)
      return 2
    }
    const publicKey = await readFile(values.key, 'utf8')
    const checkpoint = values.checkpoint === undefined ? undefined : await readFile(values.checkpoint, 'utf8')
    const { fault, events, checkpoints, root } = await verify(directory, {
      publicKey,
      checkpoint,
      origin: values.origin,
    })
    if (fault === undefined) {
      print(`ok: ${events} events, ${checkpoints} checkpoints, root ${root}`)
      return 0
    }
    print(`NOT what was recorded (${fault.kind}). ${fault.message}`)
    print(`${events} events before it are vouched for.`)
    return 1
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    print(`could not verify: ${code === 'ENOENT' ? message : (code ?? message)}\n\n${USAGE}`)
    return 2
  }
}
