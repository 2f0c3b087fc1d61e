import { describe, expect, test } from 'vitest'
import { ChatCompletionNormalizer } from '../../../../../src/agent/providers/responses/chat-completions/chat-completion-normalizer.ts'
import { OpaqueStateCollector } from '../../../../../src/agent/providers/responses/chat-completions/opaque-state-collector.ts'

function read(...deltas: readonly object[]): OpaqueStateCollector {
  const collector = new OpaqueStateCollector()
  const normalizer = new ChatCompletionNormalizer(() => undefined)
  for (const delta of deltas)
    for (const piece of normalizer.normalize({ choices: [{ index: 0, delta }] })) collector.read(piece)
  return collector
}

describe('the state in the chunks of a chat completion', () => {
  test('is nothing for an answer of text', () => {
    const reader = read({ role: 'assistant', content: 'Hi' }, { content: '!' })
    expect([reader.messageState, reader.reasoningField, reader.findToolCallState(0)]).toEqual([null, null, null])
  })

  test('has the pieces of details joined, block by block', () => {
    const reader = read(
      { reasoning_details: [{ type: 'reasoning.text', text: 'Let ', index: 0, format: 'x' }] },
      { reasoning_details: [{ type: 'reasoning.text', text: 'me see.', index: 0, signature: null }] },
      { reasoning_details: [{ type: 'reasoning.text', text: '', index: 0, signature: 'sig' }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'abc', index: 1, id: 'r1' }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'def', index: 1, id: 'r2' }] },
      { reasoning_details: null },
    )
    expect(reader.messageState).toEqual({
      reasoning_details: [
        { type: 'reasoning.text', text: 'Let me see.', index: 0, format: 'x', signature: 'sig' },
        { type: 'reasoning.encrypted', data: 'abc', index: 1, id: 'r1' },
        { type: 'reasoning.encrypted', data: 'def', index: 1, id: 'r2' },
      ],
    })
  })

  test('has a block of its own for each signature', () => {
    const reader = read(
      { thinking_blocks: [{ type: 'thinking', thinking: 'One', signature: '' }] },
      { thinking_blocks: [{ type: 'thinking', thinking: '.', signature: 'first' }] },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'xyz' }] },
      { thinking_blocks: [{ type: 'thinking', thinking: 'Two.', signature: 'second' }] },
    )
    expect(reader.messageState).toEqual({
      thinking_blocks: [
        { type: 'thinking', thinking: 'One.', signature: 'first' },
        { type: 'redacted_thinking', data: 'xyz' },
        { type: 'thinking', thinking: 'Two.', signature: 'second' },
      ],
    })
  })

  test('of a tool call belongs to that call', () => {
    const google = (signature: string) => ({ google: { thought_signature: signature } })
    const reader = read(
      { tool_calls: [{ index: 0, id: 'a', extra_content: google('s1'), function: { name: 'look' } }] },
      { tool_calls: [{ index: 1, id: 'b', function: { name: 'look', arguments: '{' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '}' }, provider_specific_fields: { x: 1 } }] },
    )
    expect(reader.findToolCallState(0)).toEqual({ extra_content: google('s1') })
    expect(reader.findToolCallState(1)).toEqual({ provider_specific_fields: { x: 1 } })
  })

  test('has the field in which the newest reasoning came', () => {
    const reader = read({ reasoning_content: 'Hm' }, { reasoning: 'Hm' }, { content: 'Hi' })
    expect(reader.reasoningField).toBe('reasoning')
  })
})
