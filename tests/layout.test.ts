import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const src = join(import.meta.dirname, '..', 'src')

/** From the top to the bottom: the folders of src, and the files that lie in none. */
const layers = [
  'main.ts',
  'segue.ts',
  'cli',
  'server',
  'schema',
  'services',
  'transfer',
  'chat',
  'agent',
  'jobs',
  'sessions',
  'hermes',
  'storage',
  'search',
  'profiles',
  'config',
  'model',
  'lib',
]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const layerOf = (file: string): string => file.split(/[\\/]/)[0] ?? ''

/** The files of src that each one imports, as types too; a worker that is started by its URL counts as imported. */
const imports = new Map(files.map((file) => [file, importsOf(file)]))

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\bURL\()\s*'(\.[^']*)'/g)].map(([, path]) =>
    relative(src, resolve(src, dirname(file), path ?? '')),
  )
}

test('every file lies in a folder that has its place in the order', () => {
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) expect(layers, file).toContain(layerOf(file))
})

test('imports run one way: a file imports from its own folder, and from those further down', () => {
  const wrong = files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((imported) => layers.indexOf(layerOf(imported)) < layers.indexOf(layerOf(file)))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(wrong).toEqual([])
})

test('what is imported is there', () => {
  const missing = files.flatMap((file) => (imports.get(file) ?? []).filter((imported) => !files.includes(imported)))
  expect(missing).toEqual([])
})

test('no file imports itself, over however many others', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const round = path.indexOf(file)
    expect(round < 0 ? [] : [...path.slice(round), file]).toEqual([])
    if (done.has(file)) return
    for (const imported of imports.get(file) ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('only storage/sqlite and hermes use the database engine', () => {
  const others = files.filter(
    (file) =>
      !/^(storage[\\/]sqlite|hermes)[\\/]/.test(file) && /'better-sqlite3'/.test(readFileSync(join(src, file), 'utf8')),
  )
  expect(others).toEqual([])
})

test('the interfaces of storage use no implementation of them', () => {
  const implementation = /^storage[\\/](sqlite|filesystem)[\\/]/
  const ports = files.filter((file) => file.startsWith('storage') && !implementation.test(file))
  expect(ports.length).toBeGreaterThan(10)
  const wrong = ports.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((imported) => implementation.test(imported))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(wrong).toEqual([])
})
