import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unscaledTokenCounter as counter } from '../../../../src/agent/tokens/token-counter.ts'
import { compactContext } from '../../../../src/chat/compaction/compact-context.ts'
import { formatContextSummary } from '../../../../src/chat/context/format-context-summary.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import type { ContextSummary } from '../../../../src/model/context/context-summary.ts'
import { toMessageText } from '../../../../src/model/message-content/message-text.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import {
  MessageSequence,
  newCompactionRequest,
  newLookCall,
  ScriptedSummaryWriter,
} from '../../../support/compaction/compaction-requests.ts'

interface TurnSizes {
  /** In words. */
  readonly question: number
  readonly answer: number
  readonly result: number
}

const anyTurns: fc.Arbitrary<TurnSizes[]> = fc.array(
  fc.record({
    question: fc.oneof({ weight: 5, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(900) }),
    answer: fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(900) }),
    result: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2_000) }),
  }),
  { minLength: 1, maxLength: 25 },
)
const anyWindow = fc.constantFrom(512, 1_000, 2_048, 4_096, 16_000, Number.POSITIVE_INFINITY)
/** How much longer than asked for the summaries of a model are. */
const anyObedience = fc.constantFrom(0.2, 1, 3, 20)

/** Words that are in no other text. */
const uniqueWords = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`)

function buildMessages(turns: readonly TurnSizes[]): MessageRecord[] {
  const sequence = new MessageSequence()
  for (const [index, { question, answer, result }] of turns.entries()) {
    sequence.user(uniqueWords(`q${index}x`, question + 1).join(' '))
    const text = uniqueWords(`a${index}x`, answer + 1).join(' ')
    if (result === 0) sequence.assistant(text)
    else sequence.assistant(newLookCall(`call-${index}`, uniqueWords(`r${index}x`, result).join(' ')), text)
  }
  return sequence.messages
}

const countSummary = (summary: ContextSummary) => counter.countText(formatContextSummary(summary))
const newWriter = (obedience: number) =>
  new ScriptedSummaryWriter(({ maxTokens }) => 'Such is it. '.repeat(Math.ceil((maxTokens * obedience) / 3.5)))

describe('for every chat, window and model', () => {
  test('all that was said is in a prompt, every prompt fits, and the summary pays', async () => {
    await fc.assert(
      fc.asyncProperty(anyTurns, anyWindow, anyObedience, async (turns, contextWindow, obedience) => {
        const messages = buildMessages(turns)
        const writer = newWriter(obedience)
        const compacted = await compactContext(newCompactionRequest(writer, { messages, contextWindow }))
        if (!compacted) throw new Error('nothing was summarised')
        const { summary } = compacted
        const end = messages.findIndex(({ id }) => id === summary.throughMessageId) + 1
        const summarized = messages.slice(0, end)

        // A call is in the message with its result, so a turn ends with an answer.
        expect(summarized.at(-1)?.role).toBe('ASSISTANT')
        for (const prompt of writer.prompts) expect(counter.countText(prompt)).toBeLessThan(contextWindow * 0.75)
        const sentWords = new Set(writer.prompts.join('\n').split(/\s+/))
        const saidWords = summarized.flatMap(({ parts }) => toMessageText(parts).split(/\s+/))
        expect(saidWords.filter((word) => !sentWords.has(word))).toEqual([])

        const [first] = summary.quotes
        expect(first?.messageId).toBe(messages[0]?.id)
        expect(summary.quotes.map(({ messageId }) => messageId)).toEqual(
          summarized.map(({ id }) => id).filter((id) => summary.quotes.some(({ messageId }) => messageId === id)),
        )
        const quoteTokens = summary.quotes.map(({ text }) => counter.countText(text))
        expect(quoteTokens.reduce((sum, tokens) => sum + tokens, 0)).toBeLessThanOrEqual(contextWindow / 3)
        expect(Math.max(quoteTokens[0] ?? 0, quoteTokens.at(-1) ?? 0)).toBeLessThanOrEqual(contextWindow / 6)
        const replaced = counter.countMessages(toModelMessages(summarized))
        // The shortest useful summary with the first quote has about 130 tokens.
        expect(countSummary(summary)).toBeLessThanOrEqual(Math.max(replaced / 2, 130) + 5)
      }),
      { numRuns: 60 },
    )
  })

  test('the first message, the latest one and the summary survive ten compactions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyTurns, { minLength: 10, maxLength: 10 }),
        anyWindow,
        anyObedience,
        async (rounds, contextWindow, obedience) => {
          let previous: ContextSummary | null = null
          const fact = 'The project is called BLUEBIRD.'
          for (const [round, turns] of rounds.entries()) {
            const messages = buildMessages(turns)
            const [first] = messages
            if (round === 0 && first) messages[0] = { ...first, parts: [{ type: 'text', text: fact }] }
            const writer = newWriter(obedience)
            const request = newCompactionRequest(writer, { previous, messages, contextWindow })
            const compacted = await compactContext(request)
            if (previous !== null)
              expect(writer.requests[0]?.previousSummary ?? writer.prompts[0]).toContain('Such is it.')
            previous = compacted?.summary ?? null
            expect(previous?.quotes[0]?.text).toBe(fact)
          }
        },
      ),
      { numRuns: 8 },
    )
  })
})
