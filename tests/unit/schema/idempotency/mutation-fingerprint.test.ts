import { buildSchema } from 'graphql'
import { describe, expect, test } from 'vitest'
import { computeMutationFingerprint } from '../../../../src/schema/idempotency/mutation-fingerprint.ts'

const schema = buildSchema(`
  scalar JSON
  type Query { any: Int }
  type Mutation { send(input: Input, ids: [ID], size: Int, json: JSON, key: String, after: Int, profile: String): Int }
  input Input { key: String, text: String, files: [FileInput!], profile: String, ifBusy: String }
  input FileInput { name: String, mediaType: String!, url: String! }
`)
const argumentTypes = schema.getMutationType()?.getFields()['send']?.args ?? []
const fingerprintOf = (args: object): string =>
  computeMutationFingerprint('send', argumentTypes, new Map(Object.entries(args)))

const file = { name: 'a.txt', mediaType: 'text/plain', url: 'data:text/plain,Hello' }

describe('the fingerprint of a call', () => {
  test('is stored, so it stays what it is', () => {
    expect(fingerprintOf({})).toBe('send:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945')
    expect(
      fingerprintOf({ input: { text: 'Hello', files: [file] }, ids: ['1', null], json: { b: [null], a: 1.5 } }),
    ).toBe('send:987c86ca3a7e70a68fce7fa1fa00a6f85b006eb51790ee921e97ac68d9a1c03d')
  })

  test.each<[string, object, object]>([
    ['the order of fields', { size: 1, ids: ['1'] }, { ids: ['1'], size: 1 }],
    ['null and nothing', { size: null, input: { text: null } }, { input: {} }],
    ['the key', { key: 'a', input: { key: 'b' } }, { input: {} }],
    ['the profile', { profile: 'a', input: { profile: 'b' } }, { input: {} }],
    ['what happens in the meantime', { after: 1, input: { ifBusy: 'QUEUE' } }, { input: {} }],
    ['the order of members in JSON', { json: { a: 1, b: { c: 2, d: 3 } } }, { json: { b: { d: 3, c: 2 }, a: 1 } }],
    ['a lone surrogate and what is stored for it', { input: { text: '\ud83d' } }, { input: { text: '\ufffd' } }],
    [
      'the form of a data URL',
      { input: { files: [file] } },
      { input: { files: [{ ...file, url: 'data:text/plain;base64,SGVsbG8=' }] } },
    ],
  ])('does not depend on %s', (_, one, other) => {
    expect(fingerprintOf(one)).toBe(fingerprintOf(other))
  })

  test.each<[string, object, object]>([
    ['values', { size: 1 }, { size: 2 }],
    ['names', { size: 1 }, { json: 1 }],
    ['the order of a list', { ids: ['1', '2'] }, { ids: ['2', '1'] }],
    ['null in a list', { ids: ['1', null] }, { ids: ['1'] }],
    ['null in JSON', { json: { a: null } }, { json: {} }],
    ['what JSON calls key', { json: { key: 1 } }, { json: { key: 2 } }],
    ['a number and its text', { json: 1 }, { json: '1' }],
    ['an object and a list of its members', { json: { a: 1 } }, { json: [['a', 1]] }],
    ['big integers that round to one double', { json: 1234567890123456789n }, { json: 1234567890123456788n }],
    ['files with other names', { input: { files: [file] } }, { input: { files: [{ ...file, name: 'b.txt' }] } }],
    [
      'files with other URLs that are not read',
      { input: { files: [{ ...file, url: 'https://example.com/a' }] } },
      { input: { files: [{ ...file, url: 'https://example.com/b' }] } },
    ],
    ['an empty list and nothing', { input: { files: [] } }, { input: {} }],
  ])('tells %s apart', (_, one, other) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(other))
  })

  test('tells fields apart', () => {
    expect(computeMutationFingerprint('other', argumentTypes, new Map())).not.toBe(fingerprintOf({}))
  })
})
