import { expect, test } from 'vitest'
import { stripResultFileBytes } from '../../../../src/model/tool-result/strip-result-file-bytes.ts'

const data = Buffer.alloc(1000, 7).toString('base64')
const image = { type: 'image', data, mimeType: 'image/png' }
const shortImage = { type: 'image', mediaType: 'image/png', name: null, size: 1000, url: null }

test('a file within a result is replaced by what it is, wherever it is', () => {
  expect(stripResultFileBytes([{ type: 'text', text: 'a' }, image])).toEqual([{ type: 'text', text: 'a' }, shortImage])
  expect(stripResultFileBytes({ a: { b: [image] }, c: 1 })).toEqual({ a: { b: [shortImage] }, c: 1 })
  const resource = { uri: 'file:///a.pdf', mimeType: 'application/pdf', blob: data }
  expect(stripResultFileBytes({ type: 'resource', resource })).toEqual({
    type: 'resource',
    resource: { type: 'file', mediaType: 'application/pdf', name: null, size: 1000, url: null, uri: 'file:///a.pdf' },
  })
})

test.each([
  ['text', 'a'],
  ['no file', [{ type: 'text', text: data }]],
  ['data without a media type', { data }],
  ['a short file', { ...image, data: 'iVBORw0KGgo=' }],
  ['data that is no base64', { ...image, data: `${'no base64 '.repeat(100)}` }],
  ['a big integer', [1234567890123456789n]],
])('a result with %s is returned as it is', (_, result) => {
  expect(stripResultFileBytes(result)).toBe(result)
})
