import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const protocol = readFileSync(join(import.meta.dirname, '..', '..', 'PROTOCOL.md'), 'utf8')
const clauses = [...protocol.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, clause]) => clause)

const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== 'clauses.test.ts')
  .map((file) => ({ file, text: readFileSync(join(import.meta.dirname, file), 'utf8') }))
const namesIn = (text: string): string[] =>
  [...text.matchAll(/\(\s*(['"`])(?<name>[A-Z]\d+ .+?)\1,/g)].map(({ groups }) => groups?.['name'] ?? '')
const tested = files
  .flatMap(({ text }) => namesIn(text))
  .flatMap((name) => /^(?:[A-Z]\d+ )+/.exec(name)?.[0].trim().split(' ') ?? [])

test('each clause of the protocol has a number of its own', () => {
  expect(clauses.length).toBeGreaterThan(30)
  expect(new Set(clauses).size).toBe(clauses.length)
})

test('the name of each test begins with the clauses that it is about', () => {
  for (const { file, text } of files) expect(namesIn(text).length, file).toBe(text.match(/^test\b/gm)?.length)
})

test('each clause of the protocol is named by a test, and each test names a clause', () => {
  expect([...new Set(tested)].sort()).toEqual([...clauses].sort())
})
