import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodeDescriptions, createIdNotFoundError, createShuttingDownError } from '../../../src/lib/errors.ts'

const src = join(import.meta.dirname, '..', '..', '..', 'src')

/** A message in the source: an argument of a call that creates an error for the caller, or a constant for one. */
const messagePattern =
  /(?:\bcreateBadInputError\(|\bnew SegueError\(\s*'[A-Z_]+',|\bconst \w*[mM]essage =)\s*(?<quote>['"`])(?<message>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/g

const messages = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    [...readFileSync(join(src, file), 'utf8').matchAll(messagePattern)].map(({ groups }) => groups?.['message'] ?? ''),
  )

/** A placeholder may stand for the beginning or the end of a sentence. */
const isSentence = (message: string): boolean => /^([A-Z]|\$\{).*(\.|\})$/s.test(message)

test('Every error message in the source begins with a capital letter and ends with a full stop', () => {
  expect(messages.length).toBeGreaterThan(40)
  expect(messages.filter((message) => !isSentence(message))).toEqual([])
})

test('Every error code has a description that begins with a capital letter and ends with a full stop', () => {
  expect(Object.values(errorCodeDescriptions).filter((text) => !/^[A-Z].*\.$/s.test(text))).toEqual([])
})

test('The messages of shared errors begin with a capital letter and end with a full stop', () => {
  for (const { message } of [createIdNotFoundError('session', 'ses_1'), createShuttingDownError()])
    expect(message).toMatch(/^[A-Z].*\.$/s)
})
