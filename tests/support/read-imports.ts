import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** Relative paths in imports, and modules that are named by their URL. */
const importPattern = /(?:\bfrom|\bimport|\bimport\(|\bURL\()\s*'(\.[^']*)'/g

/**
 * The files that each of `files` imports, types included. Paths are relative to `root`; package.json of the repository is
 * left out. A module that is named by its URL counts as imported.
 */
export function readImports(root: string, files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return new Map(files.map((file) => [file, importsOf(root, file)]))
}

function importsOf(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(importPattern)]
    .map(([, path]) => relative(root, resolve(root, dirname(file), path ?? '')))
    .filter((path) => path !== join('..', 'package.json'))
}
