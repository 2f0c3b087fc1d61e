import { expect, test } from 'vitest'
import { toCanonicalJson } from '../../../../src/lib/text/canonical-json.ts'

test('equal values have equal texts, whatever the order of their keys', () => {
  expect(toCanonicalJson({ b: [1, 1e21, 'é'], a: null })).toBe('{"a":null,"b":[1,1e+21,"é"]}')
  expect(toCanonicalJson({ a: 1, b: 2 })).toBe(toCanonicalJson({ b: 2, a: 1 }))
})

test('a big integer counts as the nearest double', () => {
  expect(toCanonicalJson({ a: [1234567890123456789n] })).toBe('{"a":[1234567890123456800]}')
  expect(toCanonicalJson([2n ** 70n])).toBe('[1.1805916207174113e+21]')
})
