import { globSync, readFileSync } from 'node:fs'
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

/** Texts for people: in attributes, between tags, and alone on a line of JSX. */
const textPatterns = [
  /\b(?:aria-label|title|placeholder|alt|label)="[^"]*\p{L}/u,
  />[^<>{}=;()&|]*\p{L}{2,}[^<>{}=;()]*<\//u,
  /^\s+\p{Lu}\p{Ll}+(?: \p{L}+)+[.…?!]?$/mu,
]

test('no component has texts of its own: all are in strings, where they can be translated', () => {
  const components = files.filter((file) => file.endsWith('.tsx'))
  for (const file of components) {
    const source = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
    for (const pattern of textPatterns) expect(pattern.exec(source)?.[0], file).toBeUndefined()
  }
  for (const text of ['<p>Some words</p>', '<p\n>\n  Some words\n</p>', '<button title="Send" />'])
    expect(textPatterns.some((pattern) => pattern.test(text))).toBe(true)
})
