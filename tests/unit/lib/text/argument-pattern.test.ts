import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../src/lib/text/json.ts'
import { argumentsMatch } from '../../../../src/lib/text/argument-pattern.ts'

const matches = (pattern: JsonObject, callArguments: JsonObject) => argumentsMatch(pattern, callArguments)

describe('a pattern of arguments', () => {
  test.each<[JsonObject, JsonObject]>([
    [{ path: 'notes/*' }, { path: 'notes/a/b.md', content: 'free' }],
    [{ path: '*' }, { path: '' }],
    [{ path: '*.md' }, { path: 'notes\n.md' }],
    [{ path: 'notes..txt' }, { path: 'notes..txt' }],
    [{ path: 'a*b*c' }, { path: 'abbc' }],
    [{ deep: { b: [1, 'x*'], a: null } }, { deep: { a: null, b: [1, 'x*'] } }],
    [{ id: 12_345_678_901_234_567_890n }, { id: 12_345_678_901_234_567_890n }],
    [
      { force: false, count: 3 },
      { force: false, count: 3 },
    ],
  ])('case %# matches', (pattern, callArguments) => {
    expect(matches(pattern, callArguments)).toBe(true)
  })

  test.each<[JsonObject, JsonObject]>([
    [{ path: 'notes/*' }, { path: 'Notes/a' }],
    [{ path: 'notes/*' }, { file: 'notes/a' }],
    [{ path: 'notes/*' }, { path: ['notes/a'] }],
    [{ path: 'a*a' }, { path: 'a' }],
    [{ path: 'a*b*c' }, { path: 'acb' }],
    [{ path: null }, {}],
    [{ toString: '*' }, {}],
    [{ deep: { a: 'x*' } }, { deep: { a: 'xy' } }],
    [{ id: 12_345_678_901_234_567_890n }, { id: 12_345_678_901_234_567_891n }],
    [{ ids: [12_345_678_901_234_567_890n] }, { ids: [12_345_678_901_234_567_891n] }],
    [{ count: 3 }, { count: '3' }],
  ])('case %# does not match', (pattern, callArguments) => {
    expect(matches(pattern, callArguments)).toBe(false)
  })

  test.each([
    '../a',
    'notes/../../a',
    'notes/..',
    '..',
    'notes\\..\\a',
    'notes/%2e%2E/a',
    'notes/.. /a',
    'notes%2f..%2fa',
    'notes/%252e%252e/a',
    'notes/%25252E./a',
    'notes/%c0%ae%c0%ae%c0%afa',
    'notes/．．／a',
    'notes/‥/a',
    'notes＼..＼a',
    'notes/.\u200b./a',
    'notes/.\t./a',
    'notes/..\0/a',
    'notes/..;x=1/a',
    'notes/..\u00a0/a',
    'C:..\\a',
    'https://example.org/notes/%2e./a',
  ])('matches no path with a segment that leads to the folder above: %s', (path) => {
    expect(matches({ path: '*' }, { path })).toBe(false)
    expect(matches({ path }, { path })).toBe(false)
  })

  test.each<[JsonObject, JsonObject]>([
    [{ file: { path: 'a/../b' } }, { file: { path: 'a/../b' } }],
    [{ paths: ['notes/a', '../b'] }, { paths: ['notes/a', '../b'] }],
    [{ deep: [{ a: [{ b: '%2e%2e' }] }] }, { deep: [{ a: [{ b: '%2e%2e' }] }] }],
  ])('matches no such path within objects and lists either: case %#', (pattern, callArguments) => {
    expect(matches(pattern, callArguments)).toBe(false)
  })

  test.each([
    'a..b/c',
    'notes/...',
    '.../a',
    'notes/..a',
    'notes/a..',
    '100%',
    'Wait .. what?',
    'notes/.hidden',
    '日記/‥a',
  ])('matches other paths and texts with dots: %s', (path) => {
    expect(matches({ path: '*' }, { path })).toBe(true)
    expect(matches({ path }, { path })).toBe(true)
  })

  test('may be an argument that is only *: it needs the argument, as a text', () => {
    expect(matches({ path: '*' }, { path: 'any/where' })).toBe(true)
    for (const other of [{}, { path: null }, { path: 1 }, { path: ['a'] }, { path: { a: 'b' } }])
      expect(matches({ path: '*' }, other)).toBe(false)
  })

  test('is compared in a time that does not depend on the depth and the escapes of a call', () => {
    const depth = 100_000
    const deep: JsonObject = JSON.parse(`{"a":${'['.repeat(2000)}"x"${']'.repeat(2000)}}`)
    expect(matches({ a: '*' }, deep)).toBe(false)
    expect(matches({ a: '*' }, { a: `%${'25'.repeat(depth)}2e.` })).toBe(false)
  })

  test('is compared in a time that does not depend on its stars', () => {
    expect(matches({ text: `${'*a'.repeat(200)}*b` }, { text: 'a'.repeat(100_000) })).toBe(false)
  })
})
