import { opendir } from 'node:fs/promises'
import { join } from 'node:path'

/** A file below a folder. */
export interface FoundFile {
  /** Relative to where the search began, with `/`. */
  readonly path: string
  /** Whether it is a file, and no link, pipe or the like. */
  readonly plain: boolean
}

/** Every file below `path` in `folder`, directory by directory. Nothing when there is no such directory. */
export async function* eachFile(folder: string, path: string): AsyncGenerator<FoundFile> {
  const directories = [path]
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    try {
      for await (const entry of await opendir(join(folder, next))) {
        const found = `${next}/${entry.name}`
        if (entry.isDirectory()) directories.push(found)
        else yield { path: found, plain: entry.isFile() }
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTDIR') yield { path: next, plain: true }
      else if (code !== 'ENOENT') throw error
    }
  }
}
