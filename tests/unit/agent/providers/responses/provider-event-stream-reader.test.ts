import { expect, test } from 'vitest'
import { ProviderEventStreamReader } from '../../../../../src/agent/providers/responses/event-stream/provider-event-stream-reader.ts'

function read(chunks: Iterable<string>): string[] {
  const reader = new ProviderEventStreamReader()
  return [...Array.from(chunks, (chunk) => reader.push(chunk)).flat(), ...reader.flush()].map(({ data }) => data)
}

test.each(['\n', '\r', '\r\n'])('events end at the line break %j, wherever chunks split it', (lineBreak) => {
  const text = ['data: {"a":1}', '', 'data: {"b":', 'data: 2}', '', '{"c":3}'].join(lineBreak)
  const events = ['{"a":1}', '{"b":\n2}', '{"c":3}']
  expect(read([text])).toEqual(events)
  expect(read(text)).toEqual(events)
})

test('an event in many chunks costs as much as its length, not as its length times the number of chunks', () => {
  const chunk = '👋'.repeat(100)
  // Reading the beginning again with each chunk would take longer than the test may.
  const chunks = Array.from({ length: 20_000 }, () => chunk)
  const [event, ...others] = read(['data: ', ...chunks, '\n\n'])
  expect(event === chunks.join('')).toBe(true)
  expect(others).toEqual([])
})
