import { describe, expect, test } from 'vitest'
import { openAIDialect } from '../../../../src/agent/providers/dialects/openai.ts'
import { unscaledTokenCounter as counter } from '../../../../src/agent/tokens/token-counter.ts'
import { buildModelContext, type ModelContextSource } from '../../../../src/chat/context/build-model-context.ts'
import type { ContextSummary } from '../../../../src/model/context/context-summary.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import {
  newAnswerRecord,
  newFinishedCallPart,
  newProse,
  newTextPart,
  newUserRecord,
} from '../../../support/fixtures/context-messages.ts'
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'

function build(source: Partial<ModelContextSource> & Pick<ModelContextSource, 'messages'>) {
  const context = buildModelContext({
    summary: null,
    target: { id: 'test/model', dialect: openAIDialect },
    counter,
    contextWindow: 4000,
    reservedTokens: 0,
    ...source,
  })
  expect(findOpenAiProblems(context.messages)).toEqual([])
  return { ...context, text: JSON.stringify(context.messages) }
}

/** Turns of about this many tokens each, in which a tool returned most of it. */
function toolTurns(count: number, resultTokens: number): MessageRecord[] {
  return Array.from({ length: count }, (_, index) => [
    newUserRecord(`u${index}`, `Question ${index}.`),
    newAnswerRecord(`a${index}`, [
      newFinishedCallPart(`c${index}`, `Begin${index}. ${newProse(resultTokens)} End${index}.`),
      newTextPart(`Answer ${index}.`),
    ]),
  ]).flat()
}

/** Turns without tools. */
function proseTurns(count: number, tokens: number): MessageRecord[] {
  return Array.from({ length: count }, (_, index) => [
    newUserRecord(`u${index}`, `Question ${index}.`),
    newAnswerRecord(`a${index}`, [newTextPart(`Answer ${index}. ${newProse(tokens)}`)]),
  ]).flat()
}

const summary = (text: string, quotes: readonly string[] = []): ContextSummary => ({
  text,
  quotes: quotes.map((quote, index) => ({ messageId: `q${index}`, text: quote })),
  throughMessageId: null,
})

describe('a context that fits', () => {
  test('has the summary, its quotes and all messages', () => {
    const messages = [...proseTurns(2, 100), newUserRecord('now', 'And now?')]
    const context = build({ summary: summary('They met.', ['Call me Ann.']), messages })
    expect(context).toMatchObject({ isComplete: true, isNewestMessageTooLong: false, fullTokens: context.tokens })
    expect(context.text).toContain('in short:\\n\\nThey met.\\n\\nWhat the user said there, word for word:')
    expect(context.text).toContain('Call me Ann.')
    expect(context.text).toMatch(/Question 0.*Question 1.*And now\?/)
  })

  test('is not counted if the window is infinite', () => {
    const context = build({ messages: proseTurns(2, 9000), contextWindow: Number.POSITIVE_INFINITY })
    expect(context).toMatchObject({ isComplete: true, tokens: 0, fullTokens: 0 })
  })

  test('leaves a quarter of the window for the answer, or what the model can write at most', () => {
    const messages = [...toolTurns(1, 3300), newUserRecord('now', 'And now?')]
    expect(build({ messages }).tokens).toBeLessThan(3000)
    expect(build({ messages, maxOutputTokens: 100 }).tokens).toBeGreaterThan(3300)
  })
})

describe('results of tools', () => {
  test('are shortened first, and the context is still complete', () => {
    const context = build({ messages: [...toolTurns(5, 1000), newUserRecord('now', 'And now?')] })
    expect(context.isComplete).toBe(true)
    expect(context.tokens).toBeLessThanOrEqual(3000)
    expect(context.fullTokens).toBeGreaterThan(5000)
    expect(context.text).toMatch(/Begin0.*about \d+ tokens are left out.*End0/)
    // The newest ones are enough.
    expect(context.text).toMatch(/Begin4.*on and on.*End4/)
  })
})

describe('a context that does not fit', () => {
  test('has the newest turns, and says how many messages are left out', () => {
    const context = build({ messages: [...proseTurns(10, 500), newUserRecord('now', 'And now?')] })
    expect(context.isComplete).toBe(false)
    expect(context.tokens).toBeLessThanOrEqual(3000)
    expect(context.text).toMatch(/The first \d+ messages of this chat are left out/)
    expect(context.text).toMatch(/Answer 9.*And now\?/)
    expect(context.text).not.toContain('Answer 0')
  })

  test('keeps the summary, and of its quotes the first and the latest', () => {
    const quotes = Array.from({ length: 20 }, (_, index) => `Quote ${index}: ${newProse(200)}`)
    const messages = [...proseTurns(10, 500), newUserRecord('now', 'And now?')]
    const context = build({ summary: summary('They met.', quotes), messages })
    expect(context.tokens).toBeLessThanOrEqual(3000)
    for (const part of ['They met.', 'Quote 0:', 'Quote 19:', 'After that,', 'Answer 9', 'And now?'])
      expect(context.text).toContain(part)
    expect(context.text).not.toContain('Quote 2:')
  })

  test('replaces the oldest steps of a long answer in progress by one line that names their calls', () => {
    const steps = Array.from({ length: 40 }, (_, index) => [
      newTextPart(`Step ${index}. ${newProse(150)}`),
      newFinishedCallPart(`c${index}`, `Result ${index}.`),
    ]).flat()
    const context = build({
      messages: [newUserRecord('now', 'Go on.'), newAnswerRecord('a', steps, { status: 'STREAMING' })],
    })
    expect(context.isComplete).toBe(false)
    expect(context.tokens).toBeLessThanOrEqual(3000)
    expect(context.text).toMatch(
      /Go on\.\\n\\n\[The first \d+ steps of your answer to this are left out .* look \(\d+\)\.\]/,
    )
    expect(context.text).toMatch(/Step 39.*Result 39/)
    expect(context.text).not.toContain('Step 0.')
  })

  test('replaces even the newest step, if its calls alone are too many', () => {
    const calls = Array.from({ length: 300 }, (_, index) => newFinishedCallPart(`c${index}`, 'Found.'))
    const context = build({
      messages: [newUserRecord('now', 'Go on.'), newAnswerRecord('a', calls, { status: 'STREAMING' })],
    })
    expect(context.tokens).toBeLessThanOrEqual(3000)
    expect(context.text).toMatch(/Go on\.\\n\\n\[The first step of your answer .* look \(300\)\.\]/)
  })
})

describe('a message of the user that is longer than the window', () => {
  test('is reported, and shortened to its beginning and end', () => {
    const context = build({ messages: [newUserRecord('now', `Start ${newProse(20_000)} finish`)] })
    expect(context).toMatchObject({ isComplete: false, isNewestMessageTooLong: true })
    expect(context.text).toMatch(/Start.*are left out.*finish/)
  })

  test('does not keep the next one from an answer', () => {
    const messages = [newUserRecord('long', `Start ${newProse(20_000)} finish`), newUserRecord('now', 'Hello?')]
    const context = build({ messages })
    expect(context.isNewestMessageTooLong).toBe(false)
    expect(context.tokens).toBeLessThanOrEqual(3000)
    expect(context.text).toMatch(/Start.*are left out.*finish.*Hello\?/)
  })
})
