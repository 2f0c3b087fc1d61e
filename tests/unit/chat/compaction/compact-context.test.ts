import { describe, expect, test } from 'vitest'
import { AgentError, type AgentEvent, type GenerateSummaryRequest } from '../../../../src/agent/agent.ts'
import { createOfflineSummaryGenerator } from '../../../../src/agent/offline/offline-summary-generator.ts'
import { defaultModelPricing } from '../../../../src/usage/model-prices.ts'
import { unscaledTokenCounter } from '../../../../src/agent/tokens/token-counter.ts'
import { compactContext, type CompactContextRequest } from '../../../../src/chat/compaction/compact-context.ts'
import type { ContextSummary } from '../../../../src/model/context/context-summary.ts'
import {
  MessageSequence,
  newCompactionRequest,
  newLookCall,
  ScriptedSummaryWriter,
  summaryRequestUsage,
} from '../../../support/compaction/compaction-requests.ts'

const offlineSummaryGenerator = createOfflineSummaryGenerator(defaultModelPricing)

const words = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do '

/** A chat of this many turns, of about 130 tokens each. */
const newChat = (turns: number) =>
  new MessageSequence().turns(turns, (index) => [`Question ${index}. ${words}`, `Answer ${index}. ${words.repeat(7)}`])

async function compact(writer: ScriptedSummaryWriter, request: Partial<CompactContextRequest>) {
  const compacted = await compactContext(newCompactionRequest(writer, request))
  if (!compacted) throw new Error('nothing was summarised')
  return compacted
}

const previous: ContextSummary = {
  text: 'They spoke of BLUEBIRD.',
  quotes: [
    { messageId: 'first', text: 'The project is called BLUEBIRD.' },
    { messageId: 'second', text: 'Never delete anything.' },
  ],
  throughMessageId: 'earlier',
}

describe('what is summarised', () => {
  test('is everything but the newest turns, which stay whole', async () => {
    const writer = new ScriptedSummaryWriter()
    const { messages } = newChat(20)
    const { summary } = await compact(writer, { messages })
    const through = messages.findIndex(({ id }) => id === summary.throughMessageId)
    expect(messages[through]?.role).toBe('ASSISTANT')
    expect(messages.length - through - 1).toBeGreaterThanOrEqual(4)
    expect(messages.length - through - 1).toBeLessThanOrEqual(10)
    const prompts = writer.prompts.join('\n')
    for (const [index, { parts }] of messages.entries()) {
      const [part] = parts
      if (part?.type === 'text') expect(prompts.includes(part.text.trim())).toBe(index <= through)
    }
    expect(summary.text).toBe('In short.')
  })

  test.each([
    ['the only turn', 1, 0],
    ['all but the last of two turns', 2, 1],
  ])('is %s', async (_, count, verbatimCount) => {
    const { messages } = newChat(count)
    const { summary } = await compact(new ScriptedSummaryWriter(), { messages })
    expect(summary.throughMessageId).toBe(messages.at(-1 - 2 * verbatimCount)?.id)
  })

  test('is the last turn as well if it is longer than half of the room', async () => {
    const { messages } = newChat(3).user('Paste').assistant(words.repeat(150))
    const { summary } = await compact(new ScriptedSummaryWriter(), { messages })
    expect(summary.throughMessageId).toBe(messages.at(-1)?.id)
  })

  test('is the beginning and the end of a message that was refused because it alone is longer than the window', async () => {
    const writer = new ScriptedSummaryWriter()
    const paste = `BEGINNING ${words.repeat(3_000)} END`
    const { messages } = newChat(2).user(paste).user('Short.').assistant('Yes.')
    const { summary } = await compact(writer, { messages })
    expect(writer.requests.length).toBeLessThan(5)
    expect(writer.prompts.join('\n')).toMatch(/BEGINNING[^]* END/)
    expect(summary.throughMessageId).toBe(messages.at(-3)?.id)
  })

  test('is all of such a message if it was answered, as by a model with a larger window', async () => {
    const writer = new ScriptedSummaryWriter()
    const { messages } = newChat(2).user(words.repeat(3_000)).assistant('Read.').user('Short.').assistant('Yes.')
    await compact(writer, { messages })
    expect(writer.requests.length).toBeGreaterThan(10)
  })

  test('begins with the previous summary', async () => {
    const writer = new ScriptedSummaryWriter(({ paragraphs }) => `In short, ${paragraphs.length} paragraphs.`)
    const { summary } = await compact(writer, { previous, messages: newChat(50).messages })
    expect(writer.requests.length).toBeGreaterThan(1)
    // Each request has the summary so far.
    const texts = writer.requests.map(({ paragraphs }) => `In short, ${paragraphs.length} paragraphs.`)
    expect(writer.requests.map(({ previousSummary }) => previousSummary)).toEqual([
      previous.text,
      ...texts.slice(0, -1),
    ])
    expect(summary.text).toBe(texts.at(-1))
  })

  test('is a previous summary alone if it is too long for the window', async () => {
    const writer = new ScriptedSummaryWriter()
    const long: ContextSummary = { ...previous, text: `The beginning. ${words.repeat(200)} The end.` }
    const { summary } = await compact(writer, { previous: long, contextWindow: 1_000 })
    expect(summary).toMatchObject({ text: 'In short.', throughMessageId: 'earlier' })
    const prompts = writer.prompts.join('\n')
    expect(prompts).toContain('The beginning.')
    expect(prompts).toContain('The end.')
    for (const prompt of writer.prompts) expect(unscaledTokenCounter.countText(prompt)).toBeLessThan(800)
  })

  test.each<[string, Partial<CompactContextRequest>]>([
    ['there is nothing', {}],
    ['there is only a summary that fits', { previous }],
    ['all messages were withdrawn', { messages: newChat(1).withdrawn() }],
  ])('is nothing if %s', async (_, request) => {
    const writer = new ScriptedSummaryWriter()
    expect(await compactContext(newCompactionRequest(writer, request))).toBeNull()
    expect(writer.requests).toEqual([])
  })
})

describe('what the model is sent', () => {
  test('has no reasoning, no state of a provider and no bytes of files', async () => {
    const writer = new ScriptedSummaryWriter()
    const image = {
      type: 'file',
      mediaType: 'image/png',
      name: 'tree.png',
      url: 'data:image/png;base64,AAAASECRET',
    } as const
    const { messages } = new MessageSequence()
      .user('Look at this.', image)
      .assistant({ type: 'reasoning', text: 'SECRET thought', providerState: { signature: 'SECRET' } }, 'An oak.')
    await compact(writer, { messages })
    expect(writer.prompts.join('\n')).not.toContain('SECRET')
    expect(writer.requests[0]?.paragraphs).toEqual([
      'User: Look at this.',
      'User: [File: tree.png (image/png)]',
      'Assistant: An oak.',
    ])
  })

  test('has the beginning and the end of each long result, file and argument', async () => {
    const writer = new ScriptedSummaryWriter()
    const long = (name: string) => `${name} begins. ${words.repeat(300)} ${name} ends.`
    const file = (name: string) =>
      ({
        type: 'file',
        mediaType: 'text/plain',
        name: `${name}.txt`,
        url: `data:text/plain;base64,${Buffer.from(long(name)).toString('base64')}`,
      }) as const
    const { messages } = new MessageSequence()
      .user('Read them.', file('A'), file('B'))
      .assistant(newLookCall('1', long('C')), newLookCall('2', long('D'), JSON.stringify({ text: long('E') })), 'Done.')
    await compact(writer, { messages })
    const prompts = writer.prompts.join('\n')
    for (const name of ['A', 'B', 'C', 'D', 'E']) {
      expect(prompts).toContain(`${name} begins.`)
      expect(prompts).toContain(`${name} ends.`)
    }
    expect(prompts.match(/tokens are left out/g)).toHaveLength(5)
    expect(writer.requests).toHaveLength(1)
  })

  test('has all of a long text, split over several requests', async () => {
    const writer = new ScriptedSummaryWriter()
    const text = Array.from({ length: 4_000 }, (_, index) => `word${index}`).join(' ')
    await compact(writer, { messages: new MessageSequence().user(text).assistant('Fine.').messages })
    expect(writer.requests.length).toBeGreaterThan(2)
    const pieces = writer.requests.flatMap(({ paragraphs }) => paragraphs)
    expect(pieces.at(-1)).toBe('Assistant: Fine.')
    const parts = pieces.slice(0, -1).map((piece) => piece.replace(/^User( \(goes on\))?: /, ''))
    expect(parts.join(' ').split(/\s+/)).toEqual(text.split(' '))
  })
})

describe('a request that is refused as too long', () => {
  test('is repeated with half of the chat, and the next ones are no longer', async () => {
    const tooLong = (request: GenerateSummaryRequest) => request.paragraphs.join('\n\n').length > 3_000
    const writer = new ScriptedSummaryWriter((request) => {
      if (tooLong(request)) throw new AgentError('CONTEXT_LENGTH', 'Too long.')
      return 'In short.'
    })
    const events: AgentEvent[] = []
    const { messages } = newChat(20)
    const { usage, summary } = await compact(writer, { messages, onEvent: (event) => events.push(event) })
    const refused = writer.requests.filter(tooLong)
    expect(refused.length).toBeGreaterThan(0)
    expect(writer.requests.slice(0, refused.length)).toEqual(refused)
    expect(summary.text).toBe('In short.')
    // A refused request costs nothing: the next one takes its place.
    const answered = writer.requests.length - refused.length
    expect(usage.inputTokens).toBe(summaryRequestUsage.inputTokens * answered)
    expect(events.filter(({ type }) => type === 'usage')).toHaveLength(answered)
    const steps = events.filter((event) => event.type === 'step')
    expect(steps.map(({ replacesRefused = false }) => replacesRefused)).toEqual(
      writer.requests.map((_, index) => index > 0 && index <= refused.length),
    )
  })

  test('fails if it has next to nothing of the chat', async () => {
    const writer = new ScriptedSummaryWriter(() => {
      throw new AgentError('CONTEXT_LENGTH', 'Too long.')
    })
    const request = newCompactionRequest(writer, newChat(20))
    await expect(compactContext(request)).rejects.toMatchObject({ code: 'CONTEXT_LENGTH' })
    expect(writer.requests.length).toBeLessThan(10)
  })
})

describe('a failure', () => {
  test.each([
    ['an error of the provider', () => Promise.reject(new AgentError('RATE_LIMIT', 'Slow down.')), 'RATE_LIMIT'],
    ['a blank summary', async () => ({ text: ' \n', usage: summaryRequestUsage }), 'PROVIDER'],
  ])('%s is an AgentError', async (_, generateSummary, code) => {
    const writer = new ScriptedSummaryWriter()
    const request = newCompactionRequest(
      { ...writer, generateSummary, generateTitle: writer.generateTitle },
      newChat(3),
    )
    await expect(compactContext(request)).rejects.toMatchObject({ name: 'AgentError', code })
  })

  test('no request follows when the signal has aborted', async () => {
    const controller = new AbortController()
    const writer = new ScriptedSummaryWriter(() => {
      controller.abort()
      return 'In short.'
    })
    const request = newCompactionRequest(writer, { ...newChat(60), signal: controller.signal })
    await expect(compactContext(request)).rejects.toMatchObject({ name: 'AgentError' })
    expect(writer.requests).toHaveLength(1)
  })
})

describe('a summary pays', () => {
  const replacedTokens = (text: string) => text.length / 4

  test('with the quotes that fit beside it', async () => {
    const writer = new ScriptedSummaryWriter()
    const { messages } = newChat(20)
    const { summary, tokensBefore, tokensAfter } = await compact(writer, { messages })
    expect(tokensAfter).toBeLessThan(tokensBefore * 0.7)
    expect(summary.quotes[0]).toEqual({ messageId: 'message-1', text: `Question 0. ${words}`.trim() })
    expect(summary.quotes.length).toBeGreaterThan(10)
  })

  test('with fewer quotes if it is longer than expected', async () => {
    const chat = new MessageSequence().turns(20, (index) => [`Question ${index}. ${words.repeat(4)}`, words.repeat(4)])
    const short = await compact(new ScriptedSummaryWriter(), chat)
    const writer = new ScriptedSummaryWriter(() => words.repeat(30))
    const long = await compact(writer, chat)
    expect(writer.requests).toHaveLength(1)
    expect(long.summary.text).toBe(words.repeat(30).trim())
    expect(long.summary.quotes.length).toBeLessThan(short.summary.quotes.length)
    expect(long.summary.quotes[0]).toEqual(short.summary.quotes[0])
  })

  test('after it was asked for again, at half the length', async () => {
    const writer = new ScriptedSummaryWriter(({ paragraphs }) =>
      paragraphs.length === 0 ? 'Shorter.' : words.repeat(300),
    )
    const { summary } = await compact(writer, newChat(8))
    expect(summary.text).toBe('Shorter.')
    expect(writer.requests).toHaveLength(2)
    const [first, second] = writer.requests
    expect(second?.maxTokens).toBeLessThan(first?.maxTokens ?? 0)
    expect(second?.previousSummary).toMatch(/^lorem ipsum/)
  })

  test('cut at a sentence if the model does not obey', async () => {
    const sentence = 'The user said a lot. '
    const writer = new ScriptedSummaryWriter(() => sentence.repeat(650))
    const { messages } = new MessageSequence().user('All I have to say. '.repeat(680)).assistant('Fine.')
    const { summary, tokensBefore, tokensAfter } = await compact(writer, { messages })
    expect(tokensAfter).toBeLessThanOrEqual(tokensBefore / 2)
    expect(summary.text.endsWith('a lot.')).toBe(true)
    expect(writer.requests.length).toBeLessThanOrEqual(4)
  })

  test('by replacing more turns if it would replace too little', async () => {
    // The last turn stays; of the two before it, the newer one would stay as well in a longer chat.
    const { messages } = new MessageSequence().turns(3, () => ['Hm?', words])
    const { summary } = await compact(new ScriptedSummaryWriter(), { messages, minVerbatimTurns: 0 })
    expect(summary.throughMessageId).toBe(messages.at(-1)?.id)
  })

  test('at most half of what it replaces, whatever the model writes', async () => {
    for (const length of [10, 500, 2_000, 20_000]) {
      for (const turns of [5, 10, 40]) {
        const writer = new ScriptedSummaryWriter(() => 'Well. '.repeat(length / 6))
        const { messages } = newChat(turns)
        const { summary, tokensBefore, tokensAfter } = await compact(writer, { messages })
        const through = messages.findIndex(({ id }) => id === summary.throughMessageId)
        const verbatim = messages
          .slice(through + 1)
          .flatMap(({ parts }) => parts.map((part) => ('text' in part ? part.text : '')))
        const verbatimTokens = replacedTokens(verbatim.join(''))
        expect(tokensAfter - verbatimTokens).toBeLessThan((tokensBefore - verbatimTokens) / 2 + 80)
      }
    }
  })
})

test('the offline generator keeps what the first message says, over many compactions', async () => {
  let summary: ContextSummary | null = null
  for (let round = 0; round < 12; round += 1) {
    const chat = new MessageSequence()
    if (round === 0) chat.user('The project is called BLUEBIRD.').assistant('Fine.')
    const { messages } = chat.turns(5, (index) => [`Question ${round}.${index}. ${words}`, words.repeat(2)])
    const request = newCompactionRequest(offlineSummaryGenerator, { previous: summary, messages, contextWindow: 512 })
    const compacted = await compactContext(request)
    summary = compacted?.summary ?? null
    expect(summary?.quotes[0]?.text).toBe('The project is called BLUEBIRD.')
    expect(compacted?.tokensAfter).toBeLessThan(compacted?.tokensBefore ?? 0)
  }
})
