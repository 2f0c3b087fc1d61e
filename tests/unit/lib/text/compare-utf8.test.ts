import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareUtf8 } from '../../../../src/lib/text/compare-utf8.ts'

test('strings are ordered by their UTF-8 bytes', () => {
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uffff', '\ue000', '\ud7ff', '🌱', '\u{10ffff}') })
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})
