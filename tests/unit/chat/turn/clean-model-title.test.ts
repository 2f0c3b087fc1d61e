import { describe, expect, test } from 'vitest'
import { cleanModelTitle } from '../../../../src/chat/turn/titles/clean-model-title.ts'

describe('a title of a model', () => {
  test.each([
    ['{"title": "Garden plans"}'],
    ['```json\n{"title": "Garden plans"}\n```'],
    ['```\nGarden plans\n```'],
    ['{\n  "title": "Garden plans",\n  "language": "en"\n}'],
    ['{"chat_title": "Garden plans", "tags": []}'],
    ['{"name": "Garden plans"}'],
    ['{"title": "Garden plans'],
    ['["Garden plans"]'],
    ['"Garden plans"'],
    ['Here is the JSON:\n{"title": "Garden plans"}'],
    ['Here is a title for the chat:\n\n**Garden plans**'],
    ["Sure! Here's a title for the chat: Garden plans"],
    ['Sure!\n\nGarden plans'],
    ['Here is a short title.\n\nGarden plans'],
    ['Title: Garden plans'],
    ['**Title:** "Garden plans"'],
    ['"Title: Garden plans"'],
    ['Title:\nGarden plans'],
    ['Suggested title: *Garden plans*.'],
    ['The user asks what to plant.\nTitle: Garden plans'],
    ['Titre : « Garden plans »'],
    ['1. Garden plans\n2. Spring'],
    ['- Garden plans'],
    ['‘Garden plans’'],
    ['`Garden plans`'],
    ['**Garden plans'],
    ['"Garden plans'],
    ['<think>They ask about plants.</think>\n\nGarden plans'],
    ['They ask about plants.\n</think>\n\nGarden plans'],
    ['<thinking>They ask.</thinking>Garden plans'],
    ['<|channel|>analysis<|message|>They ask.<|end|><|channel|>final<|message|>Garden plans<|return|>'],
    ['Garden plans\n\nI hope that this helps!'],
  ])('is found in %j', (text) => {
    expect(cleanModelTitle(text)).toBe('Garden plans')
  })

  test.each([
    ['标题：花园计划。', '花园计划'],
    ['《花园计划》', '花园计划'],
    ['タイトル：「庭の計画」', '庭の計画'],
    ['Заголовок: «План сада»', 'План сада'],
    ['Título: Plan del jardín.', 'Plan del jardín'],
    ['„Gartenpläne“', 'Gartenpläne'],
    ['🌱', '🌱'],
  ])('%j in another language is %j', (text, title) => {
    expect(cleanModelTitle(text)).toBe(title)
  })

  test.each([
    "Meaning of 'foo'",
    'Meaning of "foo"',
    '`npm` and `yarn`',
    '"Yes" and "no"',
    '《红楼梦》解读',
    "The dogs' garden",
    '__init__ explained',
    'Garden: plans for spring',
    'Learning C#',
    '2024. A review',
    "I can't sleep",
    'Sorry for the delay: an email',
    'Unfortunately named files',
    'Here and there',
    'Title fights of 1974',
    'JSON like {"a": 1}',
  ])('keeps %j as it is', (text) => {
    expect(cleanModelTitle(text)).toBe(text)
  })

  test.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, but I can’t assist with that request.',
    "Sorry, I can't do that.",
    'I cannot create a title for this chat.',
    "I'm unable to help.",
    'Unfortunately, I cannot help.',
    'I apologize, but no.',
    'As an AI language model, I cannot.',
    '{"title": "I\'m sorry, but I can\'t help with that."}',
    'Title: I cannot assist with that',
    'Es tut mir leid, dabei kann ich nicht helfen.',
    'Je suis désolé, je ne peux pas aider.',
    'Lo siento, no puedo ayudar.',
    '抱歉，我无法帮助。',
    '申し訳ありませんが、お手伝いできません。',
    'К сожалению, я не могу помочь.',
  ])('is not the refusal %j', (text) => {
    expect(cleanModelTitle(text)).toBe('')
  })

  test.each([
    '',
    ' \n ',
    '""',
    '**.**',
    'Title:',
    '{}',
    '[]',
    '{"title": ""}',
    '<think>They ask',
    'Sure!',
    '```json\n```',
  ])('is missing in %j', (text) => {
    expect(cleanModelTitle(text)).not.toMatch(/\p{L}/u)
  })
})
