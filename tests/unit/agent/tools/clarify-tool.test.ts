import { describe, expect, test } from 'vitest'
import { clarifyTool, parseClarifyQuestion } from '../../../../src/agent/tools/clarify-tool.ts'

const parse = (value: unknown) => parseClarifyQuestion(JSON.stringify(value))

describe('a question', () => {
  test('has a text and choices without surrounding white space', () => {
    expect(parse({ question: ' Which one?\n', choices: [' Red ', 'Blue'] })).toEqual({
      question: 'Which one?',
      choices: ['Red', 'Blue'],
    })
  })

  test('may have no choices', () => {
    expect(parse({ question: 'Which one?' })).toEqual({ question: 'Which one?', choices: [] })
    expect(parse({ question: 'Which one?', choices: [] })).toEqual({ question: 'Which one?', choices: [] })
  })

  test('may have additional properties', () => {
    expect(parse({ question: 'Which one?', header: 'Colours' })).toEqual({ question: 'Which one?', choices: [] })
  })

  test('may be as long as the limits allow', () => {
    const longest = { question: 'x'.repeat(10_000), choices: Array.from({ length: 20 }, () => 'y'.repeat(500)) }
    expect(parse(longest)).toEqual(longest)
    expect(parse({ ...longest, question: 'x'.repeat(10_001) })).toBeNull()
    expect(parse({ ...longest, choices: [...longest.choices, 'z'] })).toBeNull()
    expect(parse({ ...longest, choices: ['y'.repeat(501)] })).toBeNull()
  })
})

test('what could mislead its reader is escaped in the question and in the choices', () => {
  expect(parseClarifyQuestion(JSON.stringify({ question: 'Two\nlines, \u202etxet', choices: ['a\u200bb'] }))).toEqual({
    question: 'Two\nlines, \\u202etxet',
    choices: ['a\\u200bb'],
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
])('%s is not a valid question', (_, argumentsText) => {
  expect(parseClarifyQuestion(argumentsText)).toBeNull()
})

test('the tool requires a question, while choices are optional', () => {
  expect(clarifyTool.inputSchema).toMatchObject({ type: 'object', required: ['question'] })
  expect(Object.keys(clarifyTool.inputSchema.properties)).toEqual(['question', 'choices'])
})
