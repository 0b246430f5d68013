import { readFile, stat } from 'node:fs/promises'

/** Something given to the command that it cannot use. */
export class CommandError extends Error {
  /** True where the usage helps. */
  readonly usage: boolean

  constructor(message: string, usage = false) {
    super(message)
    this.usage = usage
  }
}

const MOST_BYTES = 64 * 1024 * 1024

/**
 * Reads a text file.
 *
 * @throws {@link CommandError} where it cannot be read or is larger than 64 MB
 */
export async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size <= MOST_BYTES) return await readFile(path, 'utf8')
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  throw new CommandError(`${path} is larger than 64 MB`)
}

/**
 * Reads a JSON file.
 *
 * @throws {@link CommandError} where it cannot be read or is no JSON
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(`${path} is no JSON`)
  }
}
