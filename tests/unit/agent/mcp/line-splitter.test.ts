import { expect, test } from 'vitest'
import { maxMcpMessageBytes, LineSplitter } from '../../../../src/agent/mcp/transport/line-splitter.ts'

test('a text is split into lines, wherever chunks split its bytes', () => {
  const text = '{"a":"Grüße 🌍"}\n\n[1]\r\n'
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const splitter = new LineSplitter()
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)))
    expect(lines).toEqual(['{"a":"Grüße 🌍"}', '', '[1]\r'])
    expect(splitter.push(Buffer.from('rest'))).toEqual([])
    expect(splitter.push(Buffer.from('\n'))).toEqual(['rest'])
  }
})

test('a line that exceeds the maximum size of a message throws', () => {
  const half = Buffer.alloc(maxMcpMessageBytes / 2, 'x')
  const lines = new LineSplitter()
  lines.push(half)
  expect(lines.push(Buffer.concat([half, Buffer.from('\n')]))[0]).toHaveLength(maxMcpMessageBytes)
  lines.push(half)
  lines.push(half)
  expect(() => lines.push(Buffer.from('x'))).toThrow('The MCP server sent a message of more than 67108864 bytes.')
})
