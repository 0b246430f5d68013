import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, run } from '../../scripts/suite/command.mjs'
import { packages } from '../../scripts/suite/workspaces.mjs'
import type { Manifest } from '../../scripts/suite/workspaces.mjs'

/** A project outside of the workspace that has installed the packages as they would be published. */
export interface Consumer {
  /** The manifests inside the tarballs, by package name. */
  readonly manifests: ReadonlyMap<string, Manifest>
  /** Every path of the packed files, relative to its package. */
  readonly files: ReadonlyMap<string, readonly string[]>
  /** Type-checks a module with the options a strict user has. Answers the complaints; nothing when there are none. */
  typeCheck(name: string, code: string): Promise<string>
  /** Runs a CommonJS program in production. Answers what it prints, or throws with it when it fails. */
  runCommonJs(name: string, code: string): Promise<string>
  /** Runs a command of a package as `npx` would. */
  runCommand(name: string, args: readonly string[]): Promise<{ code: number; output: string }>
  /** Writes a file into the project's folder. Answers its path. */
  write(name: string, text: string): string
  remove(): void
}

const compilerOptions = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
}

async function must(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, [...args], {
    // Package managers set a search path on which the workspace's own packages would be found.
    env: { NODE_ENV: undefined, NODE_OPTIONS: undefined, NODE_PATH: undefined },
    timeoutMs: 60_000,
  })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`)
  return output
}

/** Packs one package as publishing would, and unpacks it where the consumer finds it. */
async function install(folder: string, name: string, modules: string): Promise<string[]> {
  const tarball = join(modules, '..', `${name.replace('/', '-')}.tgz`)
  await must('pnpm', ['--dir', join(root, folder), 'pack', '--out', tarball])
  const target = join(modules, name)
  mkdirSync(target, { recursive: true })
  await must('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  const listed = await must('tar', ['-tzf', tarball])
  return listed
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
}

/** What the packages bring along or expect of the app, and the tools of a user, from the workspace's own folders. */
function linkOthers(modules: string, installed: readonly Package[], optional: boolean): void {
  const wanted = new Map<string, string>([['@types/node', root]])
  if (optional) {
    for (const name of ['mercurius', '@as-integrations/fastify']) wanted.set(name, join(root, 'test'))
  }
  for (const { folder, manifest } of installed) {
    for (const name of neededBy(manifest, optional)) {
      if (!name.startsWith('@portcullis/')) wanted.set(name, join(root, folder))
    }
  }
  for (const [name, owner] of wanted) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(realpathSync(join(owner, 'node_modules', name)), join(modules, name), 'dir')
  }
}

type Package = ReturnType<typeof packages>[number]

/** What is installed with a package; what is optional only where somebody asks for it. */
function neededBy(
  { dependencies, peerDependencies, peerDependenciesMeta }: Manifest,
  optional: boolean,
): string[] {
  const peers = Object.keys(peerDependencies ?? {})
  const isNeeded = (name: string): boolean => optional || peerDependenciesMeta?.[name]?.optional !== true
  return [...Object.keys(dependencies ?? {}), ...peers.filter(isNeeded)]
}

/** The packages of that name and what they need of ours. */
function withDependencies(names: readonly string[]): readonly Package[] {
  const all = packages()
  const found = new Set<Package>()
  const add = (name: string): void => {
    const one = all.find(({ manifest }) => manifest.name === name)
    if (one === undefined || found.has(one)) return
    found.add(one)
    neededBy(one.manifest, false).forEach(add)
  }
  names.forEach(add)
  return [...found]
}

/**
 * Packs packages and makes a project that has them. No network: third-party packages are the workspace's.
 *
 * @param names the packages that the project asks for, without anything optional. Default: all, with everything
 */
export async function createConsumer(names?: readonly string[]): Promise<Consumer> {
  const installed = names === undefined ? packages() : withDependencies(names)
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-consumer-')))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  linkOthers(modules, installed, names === undefined)
  const files = new Map<string, string[]>()
  for (const one of installed) {
    files.set(one.manifest.name, await install(one.folder, one.manifest.name, modules))
  }
  const manifests = new Map(
    [...files.keys()].map((name) => [
      name,
      JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as Manifest,
    ]),
  )
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  return {
    manifests,
    files,
    async typeCheck(name, code) {
      writeFileSync(join(folder, `${name}.ts`), code)
      const config = join(folder, `tsconfig.${name}.json`)
      writeFileSync(config, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
      const { output } = await run('tsc', ['-p', config, '--pretty', 'false'])
      return output
    },
    async runCommonJs(name, code) {
      const file = join(folder, `${name}.cjs`)
      writeFileSync(file, code)
      return must(process.execPath, ['--no-warnings', file])
    },
    async runCommand(name, args) {
      const owner = [...manifests.values()].find(({ bin }) => bin?.[name] !== undefined)
      if (owner === undefined) throw new Error(`No package has the command ${name}`)
      const file = join(modules, owner.name, owner.bin?.[name] ?? '')
      return run(process.execPath, [file, ...args], {
        env: { NODE_ENV: undefined, NODE_OPTIONS: undefined, NODE_PATH: undefined },
        timeoutMs: 60_000,
      })
    },
    write(name, text) {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
