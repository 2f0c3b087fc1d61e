import { describe, expect, test } from 'vitest'
import { createElizaAgent } from '../../src/agent/offline/eliza-agent.ts'
import { createOfflineSummaryGenerator } from '../../src/agent/offline/offline-summary-generator.ts'
import { defaultModelPricing } from '../../src/usage/model-prices.ts'
import { SegueError } from '../../src/lib/errors.ts'
import { ApiError, ChatClient, type ApiStream, type ChatInput } from '../support/clients/chat-client.ts'
import { newChatFixtureWith } from '../support/fixtures/chats/agent-chats.ts'
import {
  fact,
  type LongChatMessage,
  newLongChatTools,
  writeLongChat,
  writeShortMessages,
} from '../support/compaction/long-chats.ts'
import { newToolbox } from '../support/fixtures/toolbox.ts'
import { newToolSource } from '../support/fixtures/tools.ts'
import { newProvider } from '../support/providers/provider.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { WindowedModel, type WindowedModelOptions } from '../support/providers/windowed-model.ts'
import { startTestSegue } from '../support/server/segue.ts'

const offlineSummaryGenerator = createOfflineSummaryGenerator(defaultModelPricing)

/** `.ci/run` has longer chats. */
const turns = Number(process.env['LONG_CHAT_TURNS'] ?? 25)
const autoCompactThreshold = 0.8
const timeoutMs = 20_000 + 500 * turns

/** Sends a message to the tip of the conversation, and waits for the end of the answer. */
async function sendToTip(client: ChatClient, input: ChatInput): Promise<ApiStream> {
  try {
    for await (const event of client.streamChat(input)) if (event.type === 'StreamFinished') return event.stream
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'STALE') throw error
    return sendToTip(client, { ...input, sessionId: String(error.extensions['tipId']) })
  }
  throw new Error('The answer did not end.')
}

interface StrictChat {
  readonly model: WindowedModel
  /** Whether the window of the model is configured. Default: true. */
  readonly isConfigured?: boolean
  readonly messages: Iterable<LongChatMessage>
  readonly usesTools: boolean
}

/** Has a chat over HTTP with a model that refuses what is longer than its window. Returns what went wrong. */
async function chatWithStrictProvider({
  model,
  isConfigured = true,
  messages,
  usesTools,
}: StrictChat): Promise<unknown[]> {
  const { contextWindow } = model
  await using provider = await StrictProvider.start()
  const configuredWindow = isConfigured ? contextWindow : null
  provider.defaultAnswer = model.answer
  await using segue = await startTestSegue({
    settings: {
      model: 'strict/test',
      providers: [
        newProvider({ name: 'strict', baseURL: provider.baseURL, models: ['test'], contextWindow: configuredWindow }),
      ],
      autoCompactThreshold,
      offersClarify: usesTools,
    },
    createToolSource: () => newToolSource(...(usesTools ? newLongChatTools(contextWindow) : [])),
  })
  await using client = new ChatClient(segue.url)
  const failures: unknown[] = []
  let sessionId: string | undefined
  for (const { kind, text, files } of messages) {
    const asked = kind === 'tools' ? `${text} use look use read` : text
    const stream = await sendToTip(client, { text: asked, files, ...(sessionId !== undefined && { sessionId }) })
    sessionId = stream.session.id
    if (stream.status !== 'COMPLETED') failures.push({ kind, text: text.slice(0, 20), error: stream.error })
  }
  return [...failures, ...provider.rejections, ...segue.warnings]
}

/** Has a chat with the offline agent. Returns the texts that it would be sent next. */
async function chatOffline(messages: Iterable<LongChatMessage>, contextWindow: number): Promise<string> {
  const source = newToolSource(...newLongChatTools(contextWindow))
  const agent = createElizaAgent({ delayMs: 0, toolbox: newToolbox({ source }) })
  const options = { textGenerator: offlineSummaryGenerator, contextWindow, autoCompactThreshold }
  await using chats = newChatFixtureWith(options, (run) => agent.answer(run))
  const send = async (message: LongChatMessage, sessionId: string | null): Promise<string> => {
    const text = message.kind === 'tools' ? '/tool look {}\n/tool read {}' : message.text
    const files = message.files.map(({ mediaType, url }) => ({ name: null, mediaType, url }))
    try {
      const stream = await chats.start(text, { sessionId, files })
      const events = await chats.follow(stream.id)
      expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
      return stream.sessionId
    } catch (error) {
      if (!(error instanceof SegueError) || error.code !== 'STALE') throw error
      return send(message, String(error.details['tipId']))
    }
  }
  let sessionId: string | null = null
  for (const message of messages) sessionId = await send(message, sessionId)
  const tip = await chats.sessions.findTip(await chats.requireSession(sessionId ?? ''))
  expect(chats.loggedErrors).toEqual([])
  return JSON.stringify(await chats.chats.loadModelMessages(tip))
}

describe('a chat that is much longer than the window of its model', { timeout: timeoutMs }, () => {
  test.each<[string, WindowedModelOptions & { readonly isConfigured?: boolean }]>([
    ['2,048 tokens', { contextWindow: 2_048 }],
    ['4,096 tokens', { contextWindow: 4_096 }],
    ['2,048 tokens, with long summaries', { contextWindow: 2_048, summaryShare: 0.4 }],
    ['2,048 tokens that nobody names', { contextWindow: 2_048, isConfigured: false, namesWindow: false }],
    ['4,096 short tokens that only refusals name', { contextWindow: 4_096, isConfigured: false, codeUnitsPerToken: 3 }],
  ])('goes on with tools, images and pastes in %s, and knows how it began', async (_, options) => {
    const { isConfigured = true } = options
    const model = new WindowedModel(options)
    const messages = writeLongChat(turns, model.contextWindow)
    expect(await chatWithStrictProvider({ model, isConfigured, messages, usesTools: true })).toEqual([])
    expect(JSON.stringify(model.answered.at(-1)?.messages)).toContain(fact)
    expect(model.answered.length).toBeGreaterThan(turns)
    expect(model.summaryCount).toBeGreaterThan(0)
    // A refusal is learned from.
    expect(model.refusalCount).toBeLessThan(6)
  })

  test('goes on with messages of up to 100 tokens in a window of 512, and knows how it began', async () => {
    const model = new WindowedModel({ contextWindow: 512 })
    const messages = writeShortMessages(turns)
    expect(await chatWithStrictProvider({ model, messages, usesTools: false })).toEqual([])
    expect(JSON.stringify(model.answered.at(-1)?.messages)).toContain(fact)
    expect(model.answered).toHaveLength(turns)
    expect(model.refusalCount).toBeLessThan(6)
  })

  test.each([
    [2_048, writeLongChat(turns, 2_048)],
    [4_096, writeLongChat(turns, 4_096)],
    [512, writeShortMessages(turns)],
  ])('goes on with the offline agent in a window of %i tokens, and knows how it began', async (window, messages) => {
    expect(await chatOffline(messages, window)).toContain(fact)
  })
})
