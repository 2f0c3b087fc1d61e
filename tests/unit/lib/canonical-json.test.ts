import { expect, test } from 'vitest'
import { toCanonicalJson } from '../../../src/lib/canonical-json.ts'
import { sha256Hex } from '../../../src/lib/sha256.ts'

test('equal values have equal texts, whatever the order of their keys', () => {
  expect(toCanonicalJson({ b: [1, 1e21, 'é'], a: null })).toBe('{"a":null,"b":[1,1e+21,"é"]}')
  expect(toCanonicalJson({ a: 1, b: 2 })).toBe(toCanonicalJson({ b: 2, a: 1 }))
})

test('the hash of a text is that of its UTF-8 bytes', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256Hex('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c')
})
