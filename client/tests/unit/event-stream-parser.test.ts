import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventStreamParser, type ServerSentEvent } from '../../src/subscription/event-stream-parser.ts'

function parse(pieces: readonly string[]): ServerSentEvent[] {
  const parser = new EventStreamParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

const text = [
  ':\n\n',
  'event: next\r\nid: 7\r\ndata: {"a":1}\r\n\r\n',
  'event: next\ndata:first\ndata: second\n\n',
  ':\r\n\r\n',
  'event: complete\rdata:\r\r',
  'event: next\ndata: cut of',
].join('')

const events = [
  { event: 'next', data: '{"a":1}' },
  { event: 'next', data: 'first\nsecond' },
  { event: 'complete', data: '' },
]

test('comments are left out, and an event that was cut off is not delivered', () => {
  expect(parse([text])).toEqual(events)
})

test('events are the same in whatever pieces their text arrives', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 20 })
  fc.assert(
    fc.property(cuts, (positions) => {
      const bounds = [0, ...positions.toSorted((a, b) => a - b), text.length]
      const pieces = bounds.slice(1).map((end, index) => text.slice(bounds[index], end))
      expect(parse(pieces)).toEqual(events)
    }),
  )
})

test('a long event costs as much as its length, in however many pieces it arrives', () => {
  const measure = (length: number): number => {
    const parser = new EventStreamParser()
    const longEvent = `data: ${'x'.repeat(length)}\n\n`
    const start = performance.now()
    let count = 0
    for (let offset = 0; offset < longEvent.length; offset += 4096) {
      count += parser.push(longEvent.slice(offset, offset + 4096)).length
    }
    expect(count).toBe(1)
    return performance.now() - start
  }
  measure(1_000_000)
  expect(measure(8_000_000)).toBeLessThan(2000)
})
