import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ProviderType } from '../../../src/config/profile/provider.ts'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { computeDigest, EventReader } from '../../support/clients/reader.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { newHome, newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { startHttpServer } from '../../support/server/small-server.ts'
import { exportToFile, importFromFile, newHomePath } from '../../support/transfer/transfers.ts'

const requestSchema = z.object({ messages: z.array(z.looseObject({ role: z.string() })) })
type SentMessage = z.output<typeof requestSchema>['messages'][number]

const resources = new Set<AsyncDisposable>()
afterEach(async () => {
  for (const resource of [...resources].toReversed()) await resource[Symbol.asyncDispose]()
  resources.clear()
})

function use<Resource extends AsyncDisposable>(resource: Resource): Resource {
  resources.add(resource)
  return resource
}

interface World {
  readonly client: ChatClient
  /** The messages of each request to the provider. */
  readonly requests: readonly (readonly SentMessage[])[]
  readonly home: string
  start(text: string, more?: { readonly sessionId?: string; readonly model?: string }): Promise<EventReader>
  /** Sends a message, waits for the end, and expects a complete answer with the right digest. */
  ask(text: string, more?: { readonly sessionId?: string; readonly model?: string }): Promise<string>
}

/** A server whose provider answers with these event streams, one for each request. The tool `look` runs at once. */
async function startWorld(
  type: ProviderType,
  streams: readonly string[],
  { home = newHome(), models = ['m', 'other'] } = {},
): Promise<World> {
  const requests: SentMessage[][] = []
  const server = use(
    await startHttpServer((request, response) => {
      void readText(request).then((body) => {
        requests.push(requestSchema.parse(JSON.parse(body)).messages)
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(streams[requests.length - 1] ?? 'data: [DONE]\n\n')
      })
    }),
  )
  const provider = newProvider({ name: 'p', type, baseURL: `${server.url}/v1`, apiKey: 'k', models })
  const segue = use(
    await startTestSegue({
      settings: { home, model: `p/${models[0]}`, providers: [provider] },
      createToolSource: () => newToolSource(newTool({ name: 'look', isReadOnly: true }), newTool({ name: 'write' })),
    }),
  )
  const client = use(new ChatClient(segue.url))
  const start: World['start'] = async (text, more) => {
    const stream = await client.start({ text, ...more })
    return new EventReader(client.followStream(stream.id, 0))
  }
  return {
    client,
    requests,
    home,
    start,
    ask: async (text, more) => {
      const reader = await start(text, more)
      const { stream, message, sessionId } = await reader.readUntilType('StreamFinished')
      expect(stream).toMatchObject({ status: 'COMPLETED', error: null })
      expect(message?.digest).toBe(computeDigest(reader.parts))
      for (const secret of ['signature', 'encrypted', 'secret'])
        expect(JSON.stringify(reader.events)).not.toContain(secret)
      return sessionId
    },
  }
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const chatEnd = 'data: [DONE]\n\n'
const callLook = (more: object = {}, name = 'look'): string =>
  chunk({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name, arguments: '{}' }, ...more }] }) +
  chunk({}, 'tool_calls') +
  chatEnd
const say = (text: string): string => chunk({ content: text }) + chunk({}, 'stop') + chatEnd

/** The assistant's message with a call, in a request. */
const findCall = (messages: readonly SentMessage[] | undefined): SentMessage | undefined =>
  messages?.find(({ tool_calls: calls }) => calls !== undefined)

describe.each(['openai-compatible', 'openai'] as const)('a server of another make under the type %s', (type) => {
  test.each(['reasoning_content', 'reasoning'])('gets its %s back with the call, in this turn only', async (field) => {
    const think = chunk({ [field]: 'I need ' }) + chunk({ [field]: 'the list.' })
    const world = await startWorld(type, [think + callLook(), say('Three.'), say('Yes.')])
    const sessionId = await world.ask('How many?')
    const { role: _, content: __, tool_calls: ___, ...state } = findCall(world.requests[1]) ?? { role: '' }
    expect(state).toEqual({ [field]: 'I need the list.' })
    await world.ask('Sure?', { sessionId })
    expect(JSON.stringify(world.requests[2])).not.toContain('I need')
  })

  test('gets back what only it can read, of the message and of the call', async () => {
    const details = [{ type: 'reasoning.encrypted', data: 'encrypted', index: 0 }]
    const state = { extra_content: { google: { thought_signature: 'signature' } } }
    const think = chunk({ reasoning: 'Hm.', reasoning_details: details })
    const world = await startWorld(type, [think + callLook(state), say('Three.')])
    await world.ask('How many?')
    expect(findCall(world.requests[1])).toMatchObject({ reasoning_details: details, tool_calls: [state] })
    expect(findCall(world.requests[1])).not.toHaveProperty('reasoning')
  })
})

test('a model that requires its reasoning gets it in later turns, and no other model does', async () => {
  const think = chunk({ reasoning_content: 'I need the list.' })
  const models = ['deepseek-v4', 'other']
  const streams = [think + callLook(), say('Three.'), say('Yes.'), say('Yes.')]
  const world = await startWorld('openai-compatible', streams, { models })
  const sessionId = await world.ask('How many?')
  await world.ask('Sure?', { sessionId })
  expect(findCall(world.requests[2])).toMatchObject({ reasoning_content: 'I need the list.' })
  await world.ask('And you?', { sessionId, model: 'p/other' })
  expect(JSON.stringify(world.requests[3])).not.toContain('I need')
})

const event = (value: { readonly type: string } & Record<string, unknown>): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
const usage = { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 }
const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage }
const begin = event({ type: 'message_start', message })
const block = (index: number, contentBlock: object, ...deltas: object[]): string =>
  event({ type: 'content_block_start', index, content_block: contentBlock }) +
  deltas.map((delta) => event({ type: 'content_block_delta', index, delta })).join('') +
  event({ type: 'content_block_stop', index })
const end = (reason: string): string =>
  event({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 9 } }) +
  event({ type: 'message_stop' })

/** Thoughts with a signature, redacted thoughts, a signature without thoughts, and a call. */
const thinkAndCall = (tool: string): string =>
  begin +
  block(
    0,
    { type: 'thinking', thinking: '', signature: '' },
    { type: 'thinking_delta', thinking: 'I need ' },
    { type: 'thinking_delta', thinking: 'it.' },
    { type: 'signature_delta', signature: 'signature-1' },
  ) +
  block(1, { type: 'redacted_thinking', data: 'secret' }) +
  block(2, { type: 'thinking', thinking: '', signature: '' }, { type: 'signature_delta', signature: 'signature-2' }) +
  block(3, { type: 'text', text: '' }, { type: 'text_delta', text: 'Let me see.' }) +
  block(4, { type: 'tool_use', id: 'a', name: tool, input: {} }, { type: 'input_json_delta', partial_json: '{}' }) +
  end('tool_use')
const answerText =
  begin + block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'Three.' }) + end('end_turn')

describe('Anthropic', () => {
  test('gets its thoughts back unchanged and in order within the turn', async () => {
    const world = await startWorld('anthropic', [thinkAndCall('look'), answerText])
    const sessionId = await world.ask('How many?')
    expect(world.requests[1]?.find(({ role }) => role === 'assistant')).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I need it.', signature: 'signature-1' },
        { type: 'redacted_thinking', data: 'secret' },
        { type: 'thinking', thinking: '', signature: 'signature-2' },
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_use', id: expect.any(String), name: 'look', input: {} },
      ],
    })
    expect((await world.client.session(sessionId)).usage).toMatchObject({
      estimated: false,
      inputTokens: 2 * 125,
      cachedInputTokens: 2 * 100,
      outputTokens: 18,
    })
  })

  test('and servers that speak as it does get thoughts back that they did not sign', async () => {
    const thought = { type: 'thinking_delta', thinking: 'I need it.' }
    const call = block(1, { type: 'tool_use', id: 'a', name: 'look', input: {} })
    const unsigned = begin + block(0, { type: 'thinking', thinking: '' }, thought) + call + end('tool_use')
    const world = await startWorld('anthropic', [unsigned, answerText])
    await world.ask('How many?')
    expect(world.requests[1]?.find(({ role }) => role === 'assistant')).toMatchObject({
      content: [{ type: 'thinking', thinking: 'I need it.', signature: '' }, { type: 'tool_use' }],
    })
  })

  test('shows nobody its state, which survives a crash, an export, an import and a fork', async () => {
    const world = await startWorld('anthropic', [thinkAndCall('write'), answerText])
    const reader = await world.start('How many?')
    const { sessionId } = await reader.readUntilType('ApprovalChanged')
    const { session } = await world.client.ask('query ($id: ID!) { session(id: $id) { modelContext } }', {
      id: sessionId,
    })
    expect(JSON.stringify(session)).toContain('"providerOptions":{"omitted":"provider state"}')
    expect(JSON.stringify([session, reader.events])).not.toMatch(/signature|secret/)

    // As `kill -9` would leave it.
    const home = newHome()
    cpSync(world.home, home, { recursive: true })
    const after = await startWorld('anthropic', [], { home })
    const messages = await after.client.ask(
      'query ($id: ID!) { session(id: $id) { messages { edges { node { id status } } } } }',
      { id: sessionId },
    )
    const [, answer = ''] = [...JSON.stringify(messages).matchAll(/"(msg_[^"]*)"/g)].map(([, id]) => id)
    const { fork } = await after.client.ask('mutation ($id: ID!) { fork: forkSession(messageId: $id) { id } }', {
      id: answer,
    })
    const { id: forkId } = z.object({ id: z.string() }).parse(fork)
    for (const id of [sessionId, forkId]) {
      const { text } = await exportToFile({ home, id })
      for (const state of ['signature-1', 'secret', 'signature-2']) expect(text, id).toContain(state)
      const imported = newHomePath()
      const file = join(newTempFolder(), 'chat.json')
      writeFileSync(file, text)
      await importFromFile(file, imported)
      expect((await exportToFile({ home: imported, id })).text).toBe(text)
      rmSync(imported, { recursive: true, force: true })
    }
  })
})
