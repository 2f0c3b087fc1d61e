import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readImports } from './support/read-imports.ts'

const src = join(import.meta.dirname, '..', 'web', 'src')

/** The folders of the web app, from top to bottom. A file imports from its own folder and from lower ones. */
const layers = [
  'main.tsx',
  'app',
  'settings',
  'usage',
  'jobs',
  'chat',
  'sidebar',
  'inbox',
  'keyboard',
  'search',
  'conversations',
  'notifications',
  'decisions',
  'shortcuts',
  'offline',
  'profiles',
  'notices',
  'theme',
  'components',
  'formats',
  'routing',
  'graphql',
  'diagram-frame',
  'strings',
  'styles',
]

const files = globSync('**/*.{ts,tsx}', { cwd: src })
const layerOf = (file: string): string => file.split(/[\\/]/)[0] ?? ''

test('every file of the web app is in a folder that has a place in the order', () => {
  expect(files.length).toBeGreaterThan(100)
  for (const file of files) expect(layers, file).toContain(layerOf(file))
})

test('a file of the web app imports from its own folder and from lower ones', () => {
  const wrong = [...readImports(src, files)].flatMap(([file, imported]) =>
    imported
      .filter((path) => !path.startsWith('..') && layers.indexOf(layerOf(path)) < layers.indexOf(layerOf(file)))
      .map((path) => `${file} imports ${path}`),
  )
  expect(wrong).toEqual([])
})
