import { describe, expect, test } from 'vitest'
import { clarifyTool, parseQuestion } from '../../../../src/agent/tools/clarify-tool.ts'

const asked = (value: unknown) => parseQuestion(JSON.stringify(value))

describe('a question', () => {
  test('has its text and the answers that it offers, without the space around them', () => {
    expect(asked({ question: ' Which one?\n', choices: [' Red ', 'Blue'] })).toEqual({
      question: 'Which one?',
      choices: ['Red', 'Blue'],
    })
  })

  test('need not offer any answers', () => {
    expect(asked({ question: 'Which one?' })).toEqual({ question: 'Which one?', choices: [] })
    expect(asked({ question: 'Which one?', choices: [] })).toEqual({ question: 'Which one?', choices: [] })
  })

  test('may come with something else that nobody asked for', () => {
    expect(asked({ question: 'Which one?', header: 'Colours' })).toEqual({ question: 'Which one?', choices: [] })
  })

  test('has its limits, and reaches up to them', () => {
    const longest = { question: 'x'.repeat(10_000), choices: Array.from({ length: 20 }, () => 'y'.repeat(500)) }
    expect(asked(longest)).toEqual(longest)
    expect(asked({ ...longest, question: 'x'.repeat(10_001) })).toBeNull()
    expect(asked({ ...longest, choices: [...longest.choices, 'z'] })).toBeNull()
    expect(asked({ ...longest, choices: ['y'.repeat(501)] })).toBeNull()
  })
})

test.each([
  ['nothing', ''],
  ['no JSON', '{"question": "Which'],
  ['no object', '"Which one?"'],
  ['null', 'null'],
  ['no question', '{}'],
  ['a blank question', '{"question":" \\n"}'],
  ['a question that is no text', '{"question":{"text":"Which one?"}}'],
  ['choices that are no list', '{"question":"Which one?","choices":"Red"}'],
  ['choices that are no texts', '{"question":"Which one?","choices":[{"label":"Red"}]}'],
  ['a blank choice', '{"question":"Which one?","choices":["Red"," "]}'],
])('%s is no question', (_, argumentsText) => {
  expect(parseQuestion(argumentsText)).toBeNull()
})

test('the model is offered it with a question that is needed and choices that are not', () => {
  expect(clarifyTool.inputSchema).toMatchObject({ type: 'object', required: ['question'] })
  expect(Object.keys(clarifyTool.inputSchema.properties)).toEqual(['question', 'choices'])
})
