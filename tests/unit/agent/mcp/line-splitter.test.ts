import { expect, test } from 'vitest'
import { findJsonRpcResponseId, LineSplitter } from '../../../../src/agent/mcp/transport/line-splitter.ts'

test('a text is split into lines, wherever chunks split its bytes', () => {
  const text = '{"a":"Grüße 🌍"}\n\n[1]\r\n'
  const bytes = Buffer.from(text)
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const splitter = new LineSplitter()
    const lines: unknown[] = []
    for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)))
    expect(lines).toEqual(['{"a":"Grüße 🌍"}', '', '[1]\r'])
    expect(splitter.push(Buffer.from('rest'))).toEqual([])
    expect(splitter.push(Buffer.from('\n'))).toEqual(['rest'])
  }
})

test('a line that exceeds the maximum size is dropped but for its ends, and the next ones are read', () => {
  const lines = new LineSplitter({ maxLineBytes: 4096 })
  expect(lines.push(Buffer.from(`${'x'.repeat(4096)}\n`))).toEqual(['x'.repeat(4096)])
  expect(lines.push(Buffer.from(`begin${'x'.repeat(5000)}`))).toEqual([])
  expect(lines.push(Buffer.alloc(5000, 'y'))).toEqual([])
  expect(lines.push(Buffer.from('end\nnext\n'))).toEqual([
    { start: expect.stringMatching(/^beginx{1019}$/), end: expect.stringMatching(/^y{1021}end$/) },
    'next',
  ])
})

test('bytes without a line break at the end are the last line', () => {
  const lines = new LineSplitter()
  lines.push(Buffer.from('one\ntwo'))
  expect(lines.flush()).toEqual(['two'])
  expect(lines.flush()).toEqual([])
})

test.each<[number | null, string, string]>([
  [7, '{"jsonrpc":"2.0","id":7,"result":{"content":[', ']}}'],
  [7, '{"id": "7", "result": {"content": [', ']}}'],
  [8, '{"jsonrpc":"2.0","result":{"id":7,"content":[', ']},"id":8}'],
  [8, '{"result":{"content":[', ']}, "id": 8, "jsonrpc": "2.0"}\r'],
  [null, '{"jsonrpc":"2.0","result":{"id":7,"content":[', '"id":9}]}}'],
  [null, 'text with "id":7,', ''],
])('the id of a response is found at either end: %j', (id, start, end) => {
  expect(findJsonRpcResponseId({ start, end })).toBe(id)
})
