import { expect, test } from 'vitest'
import { maxMessageBytes, LineSplitter } from '../../../../src/agent/mcp/transport/line-splitter.ts'

test('a text is cut into its lines, however its bytes come', () => {
  const text = '{"a":"Grüße 🌍"}\n\n[1]\r\n'
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const lines = new LineSplitter()
    const cut: string[] = []
    for (let at = 0; at < bytes.length; at += size) cut.push(...lines.push(bytes.subarray(at, at + size)))
    expect(cut).toEqual(['{"a":"Grüße 🌍"}', '', '[1]\r'])
    expect(lines.push(Buffer.from('rest'))).toEqual([])
    expect(lines.push(Buffer.from('\n'))).toEqual(['rest'])
  }
})

test('a line may be as long as a message, and no longer', () => {
  const half = Buffer.alloc(maxMessageBytes / 2, 'x')
  const lines = new LineSplitter()
  lines.push(half)
  expect(lines.push(Buffer.concat([half, Buffer.from('\n')]))[0]).toHaveLength(maxMessageBytes)
  lines.push(half)
  lines.push(half)
  expect(() => lines.push(Buffer.from('x'))).toThrow('it sent a message of more than 67108864 bytes')
})
