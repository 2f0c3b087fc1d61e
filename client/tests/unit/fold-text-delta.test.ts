import { expect, test } from 'vitest'
import { foldTextDelta, type GraphQLMessagePart, type GraphQLTextDelta } from '../../src/graphql/index.ts'

const delta = (partIndex: number, offset: number, text: string): GraphQLTextDelta => ({
  __typename: 'TextDelta',
  partIndex,
  offset,
  text,
})
const textPart = (index: number, text: string) => ({ __typename: 'TextPart' as const, index, text })

test('the first delta of an answer makes its part', () => {
  expect(foldTextDelta([], delta(0, 0, 'Hello'))).toEqual([textPart(0, 'Hello')])
})

test('a delta is placed at its offset, and keeps the parts that it does not change', () => {
  const parts: readonly GraphQLMessagePart[] = [{ __typename: 'ToolCallPart', index: 0 }, textPart(1, 'Hello')]
  const after = foldTextDelta(parts, delta(1, 5, ' World'))
  expect(after).toEqual([{ __typename: 'ToolCallPart', index: 0 }, textPart(1, 'Hello World')])
  expect(after[0]).toBe(parts[0])
  expect(foldTextDelta(after, delta(1, 3, 'lo Wor'))).toBe(after)
})

test('text that comes again, in one event with what follows it, is not shown twice', () => {
  const parts = foldTextDelta([], delta(0, 0, '😀 One '))
  expect(foldTextDelta(parts, delta(0, 3, 'One two'))).toEqual([textPart(0, '😀 One two')])
})

test('fields of a part that the delta does not have are kept', () => {
  const parts = [{ ...textPart(0, 'Hello'), startedAt: '2026-01-31T09:30:00.000Z' }]
  expect(foldTextDelta(parts, delta(0, 5, '!'))).toEqual([{ ...parts[0], text: 'Hello!' }])
})

test('parts that have not arrived are empty texts, so that every part has its index', () => {
  expect(foldTextDelta([], delta(2, 0, 'Hello'))).toEqual([textPart(0, ''), textPart(1, ''), textPart(2, 'Hello')])
})

test('reasoning has parts of its own, and text that has turned out to be reasoning stays reasoning', () => {
  const reasoning = { __typename: 'ReasoningPart', index: 0, text: 'Hm.' }
  expect(foldTextDelta([], { ...delta(0, 0, 'Hm.'), __typename: 'ReasoningDelta' })).toEqual([reasoning])
  expect(foldTextDelta([textPart(0, 'Hm')], { ...delta(0, 0, 'Hm.'), __typename: 'ReasoningDelta' })).toEqual([
    reasoning,
  ])
  expect(foldTextDelta([reasoning], delta(0, 3, ' So.'))).toEqual([{ ...reasoning, text: 'Hm. So.' }])
})
