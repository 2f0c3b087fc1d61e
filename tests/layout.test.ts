import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readImports } from './support/read-imports.ts'

const src = join(import.meta.dirname, '..', 'src')

/** The folders and files of src, from top to bottom. A file imports from its own folder and from lower ones. */
const layers = [
  'bin.ts',
  'main.ts',
  'program.ts',
  'segue.ts',
  'cli',
  'maintenance',
  'server',
  'schema',
  'observability',
  'services',
  'transfer',
  'chat',
  'agent',
  'usage',
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

/**
 * The same for the sub-folders of a folder that import each other. The files of the folder itself may use all of them,
 * and may be used by all of them.
 */
const subLayers: Readonly<Record<string, readonly string[]>> = {
  agent: ['mcp', 'offline', 'models', 'model-agent', 'text-generation', 'providers', 'tools', 'tokens'],
  'agent/mcp': ['results', 'transport'],
  'agent/providers': ['responses', 'state'],
  chat: [
    'remote',
    'continuation',
    'alternatives',
    'transcript',
    'decisions',
    'requests',
    'subscriptions',
    'recovery',
    'runtime',
    'streaming',
    'compaction',
    'context',
    'turn',
    'attachments',
    'log',
    'forwarding',
  ],
  config: ['command-line', 'reload', 'profile', 'access', 'http', 'storage'],
  lib: ['file-conversion', 'json-input', 'json-output', 'worker', 'event-loop', 'json-schema', 'text', 'async'],
  hermes: ['shared', 'usage', 'cron', 'index', 'lineage', 'search', 'messages', 'state'],
  schema: [
    'access',
    'conversation',
    'decision',
    'job',
    'profile',
    'search',
    'chat',
    'session',
    'idempotency',
    'relay',
    'resolvers',
  ],
  server: ['sse', 'websocket', 'graphql', 'playground', 'web-app', 'sign-in', 'http', 'auth'],
  'server/graphql': ['plugins', 'json', 'subscriptions', 'plans', 'documents', 'limits'],
  storage: [
    'sqlite',
    'postgres',
    'filesystem',
    'migration',
    'installation',
    'conversation-index',
    'rows',
    'decisions',
    'transfer',
    'maintenance',
    'sessions',
    'uploads',
    'usage',
    'health',
  ],
  'storage/postgres': [
    'migration',
    'transfer',
    'hermes',
    'sessions',
    'blobs',
    'search',
    'conversation-index',
    'events',
    'processes',
    'notifications',
    'tables',
    'database',
  ],
  'storage/sqlite': [
    'migration',
    'maintenance',
    'transfer',
    'sessions',
    'deletion',
    'search',
    'conversation-index',
    'tables',
    'conversation-settings',
    'row-cache',
    'database',
  ],
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const layerOf = (file: string): string => file.split(/[\\/]/)[0] ?? ''

/** The files of src that each file imports, types included. A module that is named by its URL counts as imported. */
const imports = readImports(src, files)

test('every file is in a folder that has a place in the order', () => {
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) expect(layers, file).toContain(layerOf(file))
})

test('a file imports from its own folder and from lower ones', () => {
  const wrong = files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((imported) => layers.indexOf(layerOf(imported)) < layers.indexOf(layerOf(file)))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(wrong).toEqual([])
})

test('sub-folders import from lower sub-folders', () => {
  const wrong: string[] = []
  for (const [file, imported] of [...imports].flatMap(([from, to]) => to.map((target) => [from, target] as const))) {
    const [parent, from, to] = splitAtFork(file, imported)
    if (from === null || to === null || parent === '') continue
    const order = subLayers[parent] ?? []
    const isListed = order.includes(from) && order.includes(to)
    if (!isListed) wrong.push(`${parent}: ${from} or ${to} has no place in the order (${file} imports ${imported})`)
    else if (order.indexOf(to) < order.indexOf(from)) wrong.push(`${file} imports ${imported}`)
  }
  expect(wrong).toEqual([])
})

/** The folder that two files have in common, and the sub-folders of it in which they are; null for the folder itself. */
function splitAtFork(a: string, b: string): readonly [parent: string, a: string | null, b: string | null] {
  const [partsA, partsB] = [a.split(/[\\/]/), b.split(/[\\/]/)]
  let depth = 0
  while (depth < partsA.length - 1 && partsA[depth] === partsB[depth]) depth += 1
  const child = (parts: readonly string[]): string | null => (depth < parts.length - 1 ? (parts[depth] ?? null) : null)
  return [partsA.slice(0, depth).join('/'), child(partsA), child(partsB)]
}

test('the client library imports only model and lib of the server', () => {
  const library = join(import.meta.dirname, '..', 'client', 'src')
  const modules = readImports(library, globSync('**/*.{ts,tsx}', { cwd: library }))
  const wrong = [...modules].flatMap(([file, paths]) =>
    paths
      .filter((path) => path.startsWith('..') && !/^(model|lib)[\\/]/.test(relative(src, resolve(library, path))))
      .map((path) => `${file} imports ${path}`),
  )
  expect(wrong).toEqual([])
})

test('every imported file exists', () => {
  const missing = files.flatMap((file) => (imports.get(file) ?? []).filter((imported) => !files.includes(imported)))
  expect(missing).toEqual([])
})

test('no file imports itself, directly or through others', () => {
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

test('only storage/postgres uses the driver of PostgreSQL', () => {
  const others = files.filter(
    (file) => !/^storage[\\/]postgres[\\/]/.test(file) && /'pg'/.test(readFileSync(join(src, file), 'utf8')),
  )
  expect(others).toEqual([])
})

test('tests look into databases through one helper, except those of storage and of Hermes', () => {
  const tests = import.meta.dirname
  const mayUseEngine =
    /^(unit[\\/](storage|hermes)[\\/]|support[\\/](hermes|migration)[\\/]|support[\\/]storage[\\/](test-database|faulty-connection)\.ts$)/
  const testFiles = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(testFiles.length).toBeGreaterThan(10)
  const others = testFiles.filter(
    (file) => !mayUseEngine.test(file) && /^import .*'better-sqlite3'/m.test(readFileSync(join(tests, file), 'utf8')),
  )
  expect(others).toEqual([])
})

test('only the places that put Segue together, and the index of Hermes, use an implementation of storage', () => {
  const implementation = /^storage[\\/](sqlite|postgres|filesystem)[\\/]/
  const users = /^(services[\\/]|cli[\\/]|segue\.ts$|hermes[\\/]index[\\/])/
  const wrong = files
    .filter((file) => !implementation.test(file) && !users.test(file))
    .flatMap((file) =>
      (imports.get(file) ?? [])
        .filter((imported) => implementation.test(imported))
        .map((imported) => `${file} imports ${imported}`),
    )
  expect(wrong).toEqual([])
})

test('the interfaces of storage use no implementation of them', () => {
  const implementation = /^storage[\\/](sqlite|postgres|filesystem)[\\/]/
  const ports = files.filter((file) => file.startsWith('storage') && !implementation.test(file))
  expect(ports.length).toBeGreaterThan(10)
  const wrong = ports.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((imported) => implementation.test(imported))
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(wrong).toEqual([])
})
