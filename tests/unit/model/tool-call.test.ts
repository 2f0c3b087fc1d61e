import { describe, expect, test } from 'vitest'
import { createToolCall, parseToolCallArguments, parseToolArguments } from '../../../src/model/tool-call.ts'

describe('the arguments of a tool call', () => {
  test.each(['', ' ', '\n\t'])('are an empty object when the model sends %j', (text) => {
    expect(parseToolArguments(text)).toEqual({})
    expect(
      parseToolCallArguments({ ...createToolCall('toolcall_1', 'look'), argumentsText: text, argumentsWhole: true }),
    ).toEqual({})
  })

  test.each(['{', '{"a":1}}', 'look'])('are no value when they are not JSON: %j', (text) => {
    expect(parseToolArguments(text)).toBeUndefined()
    expect(
      parseToolCallArguments({ ...createToolCall('toolcall_1', 'look'), argumentsText: text, argumentsWhole: true }),
    ).toBeNull()
  })

  test('are no value when they are nested more than 100 levels deep', () => {
    const nest = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(parseToolArguments(nest(99))).toBeDefined()
    expect(parseToolArguments(nest(100))).toBeUndefined()
    expect(parseToolArguments(nest(100_000))).toBeUndefined()
  })

  test('keep the digits of big integers', () => {
    expect(parseToolArguments('{"id":1234567890123456789}')).toEqual({ id: 1234567890123456789n })
  })

  test('are no value until they are complete', () => {
    const call = { ...createToolCall('toolcall_1', 'look'), argumentsText: '{"a":1}' }
    expect(parseToolCallArguments(call)).toBeNull()
    expect(parseToolCallArguments({ ...call, argumentsWhole: true })).toEqual({ a: 1 })
  })
})
