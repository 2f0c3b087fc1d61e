import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const protocol = readFileSync(join(import.meta.dirname, '..', '..', 'PROTOCOL.md'), 'utf8')
const clauses = [...protocol.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, clause]) => clause)

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== 'clauses.test.ts')
  .flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8')
    return [...text.matchAll(/\btest(?:\.\w+\([^']*)?\(\s*(['"`])(.*?)\1,/gs)].map(([, , name = '']) => name)
  })
const tested = names.flatMap((name) => /^(?:[A-Z]\d+ )+/.exec(name)?.[0].trim().split(' ') ?? [`none: ${name}`])

test('each clause of the protocol has a number of its own', () => {
  expect(clauses.length).toBeGreaterThan(30)
  expect(new Set(clauses).size).toBe(clauses.length)
})

test('each clause of the protocol is named by a test, and each test names a clause', () => {
  expect([...new Set(tested)].sort()).toEqual([...clauses].sort())
})
