#!/usr/bin/env node
/** Fails when a file or a package breaks a rule of the house. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { houses, repositoryFiles } from './checks/files.mjs'
import { checkPackage } from './checks/packages.mjs'
import { checkText } from './checks/text.mjs'
import { verdict } from './checks/verdict.mjs'
import { root } from './suite/command.mjs'
import { filesBelow, workspaces } from './suite/workspaces.mjs'

const files = repositoryFiles()
verdict(
  [
    ...checkText(files),
    ...houses().flatMap((house) => checkPackage(factsOf(house))),
    ...checkRootReferences(),
  ],
  `${files.length} files and ${houses().length} packages keep to the rules of the house`,
)

/** @param {import('./checks/arrows.mjs').House} house @returns {import('./checks/packages.mjs').PackageFacts} */
function factsOf({ room, name, manifest, sources }) {
  const folder = `packages/${room}/${name}`
  const readme = join(root, folder, 'README.md')
  return {
    folder,
    manifest,
    readme: existsSync(readme) ? readFileSync(readme, 'utf8') : undefined,
    tests: filesBelow(`${folder}/test`),
    augments: sources.some(({ text }) => /^declare module ['"]fastify['"]/m.test(text)),
    references: ['tsconfig.src.json', 'tsconfig.test.json'].flatMap((file) =>
      referencesOf(`${folder}/${file}`),
    ),
  }
}

/** Every workspace with a TypeScript project is built by `tsc -b` at the root, and nothing else is. @returns {string[]} */
function checkRootReferences() {
  const wanted = workspaces()
    .map(({ folder }) => folder)
    .filter((folder) => existsSync(join(root, folder, 'tsconfig.json')))
  const present = referencesOf('tsconfig.json')
  return [
    ...wanted
      .filter((folder) => !present.includes(folder))
      .map((folder) => `tsconfig.json does not refer to ${folder}`),
    ...present
      .filter((folder) => !wanted.includes(folder))
      .map((folder) => `tsconfig.json refers to ${folder}, which is no workspace`),
  ]
}

/** The folders a tsconfig refers to, relative to the root. @param {string} file @returns {string[]} */
function referencesOf(file) {
  if (!existsSync(join(root, file))) return []
  /** @type {{ references?: { path: string }[] }} */
  const { references = [] } = JSON.parse(readFileSync(join(root, file), 'utf8'))
  return references.map(({ path }) => {
    const target = normalize(join(dirname(file), path))
    return target.endsWith('.json') ? dirname(target) : target
  })
}
