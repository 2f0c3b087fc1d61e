import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const protocol = readFileSync(join(import.meta.dirname, '..', '..', 'PROTOCOL.md'), 'utf8')
const clauses = [...protocol.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, clause]) => clause)

const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file !== 'clauses.test.ts')
  .map((file) => ({ file, text: readFileSync(join(import.meta.dirname, file), 'utf8') }))
const findTitles = (text: string): string[] =>
  [...text.matchAll(/\(\s*(['"`])(?<name>[A-Z]\d+ .+?)\1,/g)].map(({ groups }) => groups?.['name'] ?? '')
const testedClauses = files
  .flatMap(({ text }) => findTitles(text))
  .flatMap((name) => /^(?:[A-Z]\d+ )+/.exec(name)?.[0].trim().split(' ') ?? [])

test('each clause of the protocol has a unique number', () => {
  expect(clauses.length).toBeGreaterThan(30)
  expect(new Set(clauses).size).toBe(clauses.length)
})

test('the title of each test begins with the clauses that it tests', () => {
  for (const { file, text } of files) expect(findTitles(text).length, file).toBe(text.match(/^test\b/gm)?.length)
})

test('each clause of the protocol has a test, and each test names an existing clause', () => {
  expect([...new Set(testedClauses)].sort()).toEqual([...clauses].sort())
})
