import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ProviderType } from '../../../src/config/profile/provider.ts'
import { ChatClient, type ChatInput } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { type TestSegue, newHome, startTestSegue } from '../../support/server/segue.ts'
import { startHttpServer, type TestHttpServer } from '../../support/server/small-server.ts'

const requestSchema = z.object({
  system: z.unknown().optional(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
})

const contextSchema = z.object({ session: z.object({ modelContext: z.array(z.unknown()) }) })

const chunks = (...data: readonly object[]) => data.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')
const chatAnswer = `${chunks({ choices: [{ delta: { content: 'Fine.' }, finish_reason: 'stop' }] })}data: [DONE]\n\n`
const anthropicAnswer = chunks(
  { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 0 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Fine.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
)

let home: string
let server: TestHttpServer
let segue: TestSegue
let client: ChatClient
let requests: z.output<typeof requestSchema>[]
/** What the provider refuses a request with; null if it answers. */
let judge: (request: z.output<typeof requestSchema>) => { readonly status: number; readonly message: string } | null

async function startSegue(type: ProviderType, contextWindow: number | null = null): Promise<void> {
  const provider = newProvider({
    name: 'p',
    type,
    baseURL: `${server.url}/v1`,
    apiKey: 'k',
    models: ['m'],
    contextWindow,
  })
  segue = await startTestSegue({ settings: { home, model: 'p/m', providers: [provider] } })
  client = new ChatClient(segue.url)
}

beforeEach(async () => {
  home = newHome()
  requests = []
  judge = () => null
  server = await startHttpServer((request, response) => {
    void readText(request).then((body) => {
      if (request.method === 'GET') return response.writeHead(404).end()
      const parsed = requestSchema.parse(JSON.parse(body))
      requests.push(parsed)
      const refusal = judge(parsed)
      if (refusal)
        return response
          .writeHead(refusal.status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { message: refusal.message } }))
      const isAnthropic = request.url?.endsWith('/messages')
      return response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(isAnthropic ? anthropicAnswer : chatAnswer)
    })
  })
})

afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await segue.close()
  await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

/** Sends a message and waits for the end of the answer. */
async function ask(text: string, more: Pick<ChatInput, 'sessionId'> = {}): Promise<string> {
  const { id, session } = await client.start({ text, ...more })
  await new EventReader(client.followStream(id, 0)).readUntilType('StreamFinished')
  expect((await client.stream(id)).error).toBeNull()
  return session.id
}

const writeProfileInstructions = (text: string) => writeFileSync(join(home, 'INSTRUCTIONS.md'), text)
const lastMessages = () => requests.at(-1)?.messages ?? []

describe('Instructions', () => {
  test('come first in each request, before what servers say about their tools, and change without a restart', async () => {
    await startSegue('openai-compatible')
    const sessionId = await ask('Hello')
    expect(lastMessages()).toEqual([{ role: 'user', content: 'Hello' }])
    writeProfileInstructions('Be kind.')
    await ask('Hello again', { sessionId })
    expect(lastMessages().map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
    expect(lastMessages()[0]).toEqual({ role: 'system', content: 'Be kind.' })
    writeProfileInstructions('Be brief.')
    await ask('And again', { sessionId })
    expect(lastMessages()[0]).toEqual({ role: 'system', content: 'Be brief.' })
  })

  test("are the system prompt of Anthropic's format", async () => {
    await startSegue('anthropic')
    writeProfileInstructions('Be kind.')
    await ask('Hello')
    expect(requests.at(-1)?.system).toEqual([{ type: 'text', text: 'Be kind.' }])
    expect(lastMessages().map(({ role }) => role)).toEqual(['user'])
  })

  test.each([
    [400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."],
    [400, 'Developer instruction is not enabled for models/gemma-3-27b-it'],
    [500, 'Jinja Exception: System role not supported'],
    [400, 'Conversation roles must alternate user/assistant/user/assistant/...'],
  ])(
    'stand before the first words of the user if the model takes no system message: %i %s',
    async (status, message) => {
      await startSegue('openai-compatible')
      writeProfileInstructions('Be kind.')
      judge = ({ messages }) => (messages.some(({ role }) => role === 'system') ? { status, message } : null)
      const sessionId = await ask('Hello')
      expect(requests).toHaveLength(2)
      expect(lastMessages()).toEqual([{ role: 'user', content: 'Be kind.\n\nHello' }])
      await ask('And now?', { sessionId })
      expect(requests).toHaveLength(3)
      expect(lastMessages()).toEqual([
        { role: 'user', content: 'Be kind.\n\nHello' },
        { role: 'assistant', content: 'Fine.' },
        { role: 'user', content: 'And now?' },
      ])
      const query = 'query ($id: ID!) { session(id: $id) { modelContext } }'
      const { session } = contextSchema.parse(await client.ask(query, { id: sessionId }))
      expect(session.modelContext[0]).toEqual({ role: 'user', content: [{ type: 'text', text: 'Be kind.\n\nHello' }] })
    },
  )

  test('take at most half of the input: of longer ones, the model is sent the beginning and the end', async () => {
    await startSegue('openai-compatible', 2000)
    writeProfileInstructions(`Begin.${' Be kind.'.repeat(5000)} End.`)
    await ask('Hello')
    const [system, user] = lastMessages()
    expect(system?.role).toBe('system')
    expect(system?.content).toMatch(/^Begin\..*left out.*End\.$/s)
    expect(String(system?.content).length).toBeLessThan(6000)
    expect(user).toEqual({ role: 'user', content: 'Hello' })
  })
})
