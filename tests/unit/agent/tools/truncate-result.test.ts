import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { truncateResult } from '../../../../src/agent/tools/truncate-result.ts'

/** Keeps what is handed to it. */
function shelf() {
  const kept: string[] = []
  const keep = async (bytes: Uint8Array): Promise<string> => {
    kept.push(Buffer.from(bytes).toString())
    return createHash('sha256').update(bytes).digest('hex')
  }
  return { kept, keep }
}

describe('a result within the limit', () => {
  test.each([['x'.repeat(20)], [''], [null], [0], [{ a: ['b', { c: 1 }] }], [[1, 2, 3]]])(
    'is told as it is, and nothing is kept: %j',
    async (result) => {
      const { kept, keep } = shelf()
      expect(await truncateResult(result, 20, keep)).toEqual({ result })
      expect(kept).toEqual([])
    },
  )
})

describe('a longer one', () => {
  test('is kept whole, and told by its beginning and how much is left out', async () => {
    const { kept, keep } = shelf()
    const text = 'abcdefghij'.repeat(3)
    const { result, fileHash: file } = await truncateResult(text, 20, keep)
    expect(kept).toEqual([text])
    expect(file).toBe(createHash('sha256').update(text).digest('hex'))
    expect(result).toBe(
      'abcdefghijabcdefghij\n[Truncated: the first 20 of 30 characters. The complete result is stored.]',
    )
  })

  test('that is no text is kept, and told, as the JSON that it is', async () => {
    const { kept, keep } = shelf()
    const value = { rows: Array.from({ length: 10 }, (_, row) => ({ row })) }
    const { result } = await truncateResult(value, 12, keep)
    expect(kept.map((text) => JSON.parse(text))).toEqual([value])
    expect(result).toMatch(/^\{"rows":\[\{"r\n\[Truncated: the first 12 of \d+ characters\./)
  })

  test('is cut at no half of a surrogate pair', async () => {
    const { kept, keep } = shelf()
    const { result } = await truncateResult('😀'.repeat(6), 5, keep)
    expect(result).toMatch(/^😀😀\ufffd\n/)
    expect(kept).toEqual(['😀'.repeat(6)])
  })

  test('with half a pair of its own is kept as text that can be written', async () => {
    const { kept, keep } = shelf()
    const { result } = await truncateResult(`\ud83d${'x'.repeat(9)}`, 5, keep)
    expect(result).toMatch(/^\ufffdxxxx\n/)
    expect(kept).toEqual([`\ufffd${'x'.repeat(9)}`])
  })
})

test('that a file cannot be kept is told to whoever asked for it', async () => {
  const full = async () => Promise.reject(new Error('the disk is full'))
  await expect(truncateResult('x'.repeat(9), 5, full)).rejects.toThrow('the disk is full')
})
