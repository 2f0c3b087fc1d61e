import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChatClient, type ChatInput } from '../support/clients/chat-client.ts'
import { newTool, newToolSource } from '../support/fixtures/tools.ts'
import { newProvider } from '../support/providers/provider.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { newHome, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { ModelsDocument } from './generated/graphql.ts'
import { connect, readingTransports } from './support/clients.ts'
import { ask } from './support/typed-client.ts'

const home = newHome()
let provider: StrictProvider
let segue: TestSegue

const refuse = (message: string) => [{ status: 400, body: { error: { message } } }]

const startSegue = (): Promise<TestSegue> =>
  startTestSegue({
    settings: {
      home,
      model: 'strict/test',
      providers: [newProvider({ name: 'strict', baseURL: provider.baseURL, models: ['test'] })],
    },
    createToolSource: () =>
      newToolSource(...Array.from({ length: 130 }, (_, index) => newTool({ name: `tool_${index}` }))),
  })

/** Sends a message, and returns how its stream ended. */
async function chat(text: string, files: ChatInput['files'] = []): Promise<string> {
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text, files })
  for await (const event of client.followStream(id)) if (event.type === 'StreamFinished') return event.stream.status
  return 'no end'
}

beforeAll(async () => {
  provider = await StrictProvider.start()
  segue = await startSegue()
})

afterAll(async () => {
  await segue.close()
  await provider.close()
  rmSync(home, { recursive: true, force: true })
})

test.each(readingTransports)('before its first request, nothing is known of a model: over %s', async (transport) => {
  await using client = connect(transport, segue.url)
  expect((await ask(client, ModelsDocument, {})).models).toEqual([
    {
      id: 'mdl_default:strict/test',
      qualifiedName: 'strict/test',
      provider: 'strict',
      name: 'test',
      isDefault: true,
      supportsTools: null,
      supportsImages: null,
      contextWindow: null,
      efforts: ['low', 'medium', 'high'],
      omittedTools: [],
    },
    expect.objectContaining({ qualifiedName: 'offline/eliza', supportsTools: true }),
  ])
})

test('what its provider refused is known over every transport, also after a restart', async () => {
  provider.enqueue(refuse('test does not support tools'))
  expect(await chat('Hi')).toBe('COMPLETED')
  provider.enqueue(refuse('test does not support images'))
  expect(await chat('Look', [{ mediaType: 'image/png', url: 'https://pictures.example/a.png' }])).toBe('COMPLETED')
  provider.enqueue(refuse("This model's maximum context length is 4096 tokens."))
  expect(await chat('A long text')).toBe('FAILED')
  for (const isRestarted of [false, true]) {
    if (isRestarted) {
      await segue.close()
      segue = await startSegue()
    }
    for (const transport of readingTransports) {
      await using client = connect(transport, segue.url)
      const [model] = (await ask(client, ModelsDocument, {})).models
      expect(model).toMatchObject({ supportsTools: false, supportsImages: false, contextWindow: 4096 })
      // Of the latest request with tools since the start, which had room for 128 of 131.
      expect(model?.omittedTools).toEqual(isRestarted ? [] : ['tool_127', 'tool_128', 'tool_129'])
    }
  }
})
