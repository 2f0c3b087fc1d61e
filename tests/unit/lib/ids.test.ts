import { expect, test } from 'vitest'
import { deterministicId, newId, parseIdKind } from '../../../src/lib/ids.ts'

test.each([
  ['session', 'ses'],
  ['message', 'msg'],
  ['stream', 'str'],
  ['toolCall', 'tcl'],
  ['approval', 'apr'],
  ['clarification', 'clr'],
  ['job', 'job'],
  ['jobRun', 'jrn'],
] as const)('the id of a %s starts with %s_', (kind, prefix) => {
  const id = newId(kind)
  expect(id).toMatch(new RegExp(`^${prefix}_[0-9a-z]{26}$`))
  expect(parseIdKind(id)).toBe(kind)
})

test('ids sort by creation time', () => {
  const ids = Array.from({ length: 1000 }, () => newId('message'))
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(1000)
})

test('an id that Segue did not generate has no kind', () => {
  for (const id of ['', 'ses_', '20261122_130007_ab12cd', 'ses_01KAJ', 'usr_01jd0000000000000000000000', 'work@ses_1'])
    expect(parseIdKind(id)).toBeNull()
})

test('a deterministic id depends on kind, name and time, and on nothing else', () => {
  const id = deterministicId('jobRun', '2026-11-22_13-00-07.md', 1_763_816_407_000)
  expect(deterministicId('jobRun', '2026-11-22_13-00-07.md', 1_763_816_407_000)).toBe(id)
  expect(parseIdKind(id)).toBe('jobRun')
  const others = [
    deterministicId('jobRun', 'other.md', 1_763_816_407_000),
    deterministicId('jobRun', '2026-11-22_13-00-07.md', 1_763_816_407_001),
    deterministicId('job', '2026-11-22_13-00-07.md', 1_763_816_407_000),
  ]
  expect(new Set([id, ...others]).size).toBe(4)
})

test('deterministic ids sort by time, and a time outside the range of an id is clamped', () => {
  const ids = [-1, 1, 1_763_816_407_000, 2 ** 48 - 2, 2 ** 60].map((timeMs) => deterministicId('job', 'name', timeMs))
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(parseIdKind(id)).toBe('job')
})
