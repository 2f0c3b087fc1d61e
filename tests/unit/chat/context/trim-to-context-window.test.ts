import type { ModelMessage } from 'ai'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimateJsonTokens } from '../../../../src/agent/estimate-tokens.ts'
import { trimToContextWindow } from '../../../../src/chat/context/trim-to-context-window.ts'
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'

/** A turn with a tool result of about this many tokens. */
function turn(id: string, tokens: number): ModelMessage[] {
  const named = { toolCallId: id, toolName: 'look' }
  return [
    { role: 'user', content: [{ type: 'text', text: `Look at ${id}.` }] },
    { role: 'assistant', content: [{ type: 'tool-call', ...named, input: {} }] },
    {
      role: 'tool',
      content: [{ type: 'tool-result', ...named, output: { type: 'text', value: 'x'.repeat(tokens * 4) } }],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'Seen.' }] },
  ]
}

const turns = (count: number, tokens: number): ModelMessage[] =>
  Array.from({ length: count }, (_, index) => turn(`c${index}`, tokens)).flat()

/** The ids of the calls whose results were omitted. */
function leftOut(messages: readonly ModelMessage[]): string[] {
  return messages.flatMap((message) =>
    message.role === 'tool'
      ? message.content.flatMap((part) =>
          part.type === 'tool-result' && part.output.type === 'text' && part.output.value.startsWith('[This result was')
            ? [part.toolCallId]
            : [],
        )
      : [],
  )
}

describe('the messages that a model is sent', () => {
  test('are complete while they fit the context window', () => {
    const all = turns(5, 150)
    expect(trimToContextWindow(all, 1500)).toEqual(all)
    expect(trimToContextWindow(all, Number.POSITIVE_INFINITY)).toEqual(all)
    expect(trimToContextWindow([], 0)).toEqual([])
  })

  test('have notes of their size in place of the oldest results if they do not fit', () => {
    const all = turns(10, 1000)
    const sent = trimToContextWindow(all, 8000)
    expect(leftOut(sent)).toEqual(['c0', 'c1', 'c2', 'c3'])
    expect(sent[2]).toMatchObject({
      content: [{ toolCallId: 'c0', output: { value: expect.stringMatching(/about 10\d\d tokens/) } }],
    })
    expect(estimateJsonTokens(sent)).toBeLessThanOrEqual(8000 * 0.9)
    expect(findOpenAiProblems(sent)).toEqual([])
    // Nothing else changes.
    expect(sent.filter(({ role }) => role !== 'tool')).toEqual(all.filter(({ role }) => role !== 'tool'))
    expect(sent.slice(-8)).toEqual(all.slice(-8))
  })

  test('are trimmed in coarse steps, so that their prefix stays the same for many turns', () => {
    const beginnings = new Set<string>()
    let changes = 0
    for (let count = 10; count <= 40; count += 1) {
      const out = leftOut(trimToContextWindow(turns(count, 1000), 12_000))
      const key = out.join()
      if (!beginnings.has(key)) changes += 1
      beginnings.add(key)
      // What was omitted once stays omitted.
      expect(out).toEqual(Array.from({ length: out.length }, (_, index) => `c${index}`))
    }
    expect(changes).toBeLessThanOrEqual(12)
  })

  test('keep results that are too short to matter', () => {
    const all = [...turns(3, 50), ...turn('long', 5000)]
    expect(leftOut(trimToContextWindow(all, 4000))).toEqual(['long'])
  })

  test('depend on the input only, which is not modified', () => {
    const all = turns(10, 1000)
    const before = structuredClone(all)
    expect(trimToContextWindow(all, 8000)).toEqual(trimToContextWindow(all, 8000))
    expect(all).toEqual(before)
  })

  test('do not count the bytes of images', () => {
    const data = `data:image/png;base64,${'A'.repeat(1_000_000)}`
    const picture: ModelMessage = { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data }] }
    const all = [picture, ...turns(2, 500)]
    expect(trimToContextWindow(all, 2000)).toEqual(all)
  })

  test('count text that starts like a data URL', () => {
    const dataLikeText = `data: ${'x'.repeat(4000)}`
    const userMessage: ModelMessage = { role: 'user', content: [{ type: 'text', text: dataLikeText }] }
    expect(leftOut(trimToContextWindow([userMessage, ...turn('c', 500)], 1000))).toEqual(['c'])
    const named = { toolCallId: 'c', toolName: 'look' }
    const returned: ModelMessage = {
      role: 'tool',
      content: [{ type: 'tool-result', ...named, output: { type: 'text', value: dataLikeText } }],
    }
    expect(leftOut(trimToContextWindow([returned], 500))).toEqual(['c'])
  })

  const anyTurns = fc.array(fc.nat({ max: 1500 }), { maxLength: 30 })
  const createTurns = (sizes: readonly number[]) => sizes.map((size, index) => turn(`c${index}`, size))
  /** The calls whose results are long enough to be omitted. */
  const long = (sizes: readonly number[]) => sizes.flatMap((size, index) => (size > 100 ? [`c${index}`] : []))

  test('lack only the oldest results, for any chat', () => {
    fc.assert(
      fc.property(anyTurns, fc.integer({ min: 50, max: 8000 }), (sizes, window) => {
        const all = createTurns(sizes).flat()
        const sent = trimToContextWindow(all, window)
        const trimmed = leftOut(sent).filter((id) => long(sizes).includes(id))
        expect(trimmed).toEqual(long(sizes).slice(0, trimmed.length))
        expect(findOpenAiProblems(sent)).toEqual([])
        expect(sent.filter(({ role }) => role !== 'tool')).toEqual(all.filter(({ role }) => role !== 'tool'))
        if (estimateJsonTokens(all) <= window * 0.9) expect(sent).toEqual(all)
      }),
    )
  })

  test('keep their prefix while they grow within a quarter of the window, for any chat', () => {
    fc.assert(
      fc.property(anyTurns, fc.integer({ min: 500, max: 4000 }), (sizes, window) => {
        const known = new Map<number, string[]>()
        for (let count = 1; count <= sizes.length; count += 1) {
          const some = sizes.slice(0, count)
          const all = createTurns(some).flat()
          const trimmed = leftOut(trimToContextWindow(all, window))
          // If trimming all results did not suffice, a new result is trimmed as well.
          if (trimmed.length >= long(some).length) continue
          const quarter = Math.ceil((estimateJsonTokens(all) - window * 0.9) / (window * 0.25))
          expect(trimmed).toEqual(known.get(quarter) ?? trimmed)
          known.set(quarter, trimmed)
        }
      }),
    )
  })

  test('may still be too long, which is left to the provider', () => {
    const all: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(10_000) }] }]
    expect(trimToContextWindow(all, 100)).toEqual(all)
  })
})
