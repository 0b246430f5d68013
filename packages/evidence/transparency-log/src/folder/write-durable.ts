import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Makes the entries of a directory durable: a file that was created or renamed is not before this. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and those above it, down from `folder`, durably. */
async function makeDirectory(folder: string, path: string): Promise<void> {
  const first = await mkdir(join(folder, path), { recursive: true })
  if (first === undefined) return
  for (let made = join(folder, path); made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made))
  }
}

/**
 * Writes a file of a log, all of it or nothing: a reader sees the old content or the new one. When it returns, the
 * content survives a loss of power.
 */
export async function writeDurable(
  folder: string,
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  // Not beside the file: among the tiles, nothing may lie that is none.
  const draft = join(folder, '.draft')
  const directory = dirname(path)
  await makeDirectory(folder, directory)
  const handle = await open(draft, 'w')
  try {
    await handle.writeFile(content)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(draft, join(folder, path))
  await syncDirectory(join(folder, directory))
}
