import { newStoreFile } from '../../../support/files/store-file.ts'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { truncateToolResult } from '../../../../src/agent/tools/truncate-tool-result.ts'

/** Records the stored files. */
function newFileStore() {
  const stored: string[] = []
  const storeFile = newStoreFile(async (bytes) => {
    stored.push(Buffer.from(bytes).toString())
    return createHash('sha256').update(bytes).digest('hex')
  })
  return { stored, storeFile }
}

describe('a result within the limit', () => {
  test.each([['x'.repeat(20)], [''], [null], [0], [{ a: ['b', { c: 1 }] }], [[1, 2, 3]]])(
    'stays unchanged, and no file is stored: %j',
    async (result) => {
      const { stored, storeFile } = newFileStore()
      expect(await truncateToolResult(result, 20, storeFile)).toEqual({ result })
      expect(stored).toEqual([])
    },
  )
})

describe('a result beyond the limit', () => {
  test('is stored completely, and replaced by its beginning with a note', async () => {
    const { stored, storeFile } = newFileStore()
    const text = 'abcdefghij'.repeat(3)
    const { result, fileHash: file } = await truncateToolResult(text, 20, storeFile)
    expect(stored).toEqual([text])
    expect(file).toBe(createHash('sha256').update(text).digest('hex'))
    expect(result).toBe(
      'abcdefghijabcdefghij\n[Truncated: the first 20 of 30 characters. The complete result is stored.]',
    )
  })

  test('is stored and truncated as JSON if it is not a text', async () => {
    const { stored, storeFile } = newFileStore()
    const value = { rows: Array.from({ length: 10 }, (_, row) => ({ row })) }
    const { result } = await truncateToolResult(value, 12, storeFile)
    expect(stored.map((text) => JSON.parse(text))).toEqual([value])
    expect(result).toMatch(/^\{"rows":\[\{"r\n\[Truncated: the first 12 of \d+ characters\./)
  })

  test('is truncated without splitting a surrogate pair', async () => {
    const { stored, storeFile } = newFileStore()
    const { result } = await truncateToolResult('😀'.repeat(6), 5, storeFile)
    expect(result).toMatch(/^😀😀\n\[Truncated: the first 4 of 12 /)
    expect(stored).toEqual(['😀'.repeat(6)])
  })

  test('is stored as well-formed text', async () => {
    const { stored, storeFile } = newFileStore()
    const { result } = await truncateToolResult(`\ud83d${'x'.repeat(9)}`, 5, storeFile)
    expect(result).toMatch(/^\ufffdxxxx\n/)
    expect(stored).toEqual([`\ufffd${'x'.repeat(9)}`])
  })
})

test('an error of the file store rejects', async () => {
  const full = async () => Promise.reject(new Error('the disk is full'))
  await expect(truncateToolResult('x'.repeat(9), 5, full)).rejects.toThrow('the disk is full')
})

describe('content beyond the limit', () => {
  const text = (content: string) => ({ type: 'text', text: content })
  const image = { type: 'image', mediaType: 'image/png', name: null, size: 3, url: '/files/x/image/png' }

  test('keeps its files and the beginning of its texts', async () => {
    const { stored, storeFile } = newFileStore()
    const value = { content: [text('abc'), image, text('defgh'), text('ij'), image], structuredContent: { a: 1 } }
    const { result, fileHash } = await truncateToolResult(value, 6, storeFile)
    expect(result).toEqual({
      content: [
        text('abc'),
        image,
        text('def'),
        image,
        text('[Truncated: the first 6 of 10 characters. The complete result is stored.]'),
      ],
    })
    expect(stored).toEqual([JSON.stringify(value)])
    expect(fileHash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is cut between two grapheme clusters', async () => {
    const { storeFile } = newFileStore()
    const family = '👨‍👩‍👧'
    const { result } = await truncateToolResult({ content: [text('a'), text(family.repeat(20))] }, 10, storeFile)
    expect(result).toEqual({
      content: [
        text('a'),
        text(family),
        expect.objectContaining({ text: expect.stringContaining('the first 9 of 161 characters') }),
      ],
    })
  })
})

test('a result with big integers is stored and truncated with their digits', async () => {
  const { stored, storeFile } = newFileStore()
  const { result } = await truncateToolResult([1234567890123456789n, 'x'.repeat(30)], 20, storeFile)
  expect(result).toMatch(/^\[1234567890123456789\n/)
  expect(stored).toEqual([`[1234567890123456789,"${'x'.repeat(30)}"]`])
})
