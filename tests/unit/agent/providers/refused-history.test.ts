import { describe, expect, test } from 'vitest'
import type { AgentRun } from '../../../../src/agent/agent.ts'
import { noOmissions } from '../../../../src/agent/content-omissions.ts'
import { ModelObservations } from '../../../../src/agent/models/model-observations.ts'
import type { Dialect } from '../../../../src/agent/providers/dialect.ts'
import { omitMessageFiles } from '../../../../src/chat/context/files/omit-message-files.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import type { MessagePart, MessageRecord } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import { newStream, newUserMessage } from '../../../support/fixtures/generators.ts'
import { allDialectServers } from '../../../support/providers/dialects/all-dialect-servers.ts'
import {
  askDialectServer,
  type DialectResponse,
  findDialect,
} from '../../../support/providers/dialects/ask-dialect-server.ts'
import { anthropicError, type DialectServer, openAIError } from '../../../support/providers/dialects/dialect-server.ts'
import { newModelObservationStore } from '../../../support/providers/model-observation-store.ts'

const invalidRequest = (message: string) => anthropicError('invalid_request_error', message)
const plain = (message: string) => ({ message })
const onlyError = (message: string) => ({ error: message })
const listed = (message: string) => [openAIError(message, { code: 400, status: 'INVALID_ARGUMENT' })]

type Refusal = readonly [status: number, body: unknown]

/** What servers say of images that their model does not take, in their own words. */
const imageRefusals: Readonly<Record<string, Refusal>> = {
  openai: [400, openAIError('Invalid content type. image_url is only supported by certain models.')],
  azure: [400, openAIError('Invalid content type. image_url is only supported by certain models.')],
  anthropic: [400, invalidRequest('This model does not support image inputs.')],
  bedrock: [400, plain("This model doesn't support the image content block that you provided.")],
  gemini: [400, listed('Image input modality is not enabled for models/gemma-3-1b-it')],
  deepseek: [400, openAIError('Failed to deserialize the JSON body: unknown variant `image_url`, expected `text`')],
  mistral: [400, { object: 'error', message: 'Image input is not enabled for this model', code: '3051' }],
  groq: [
    400,
    openAIError(
      "'messages.0' : for 'role:user' the following must be satisfied[('messages.0.content' : value must be a string)]",
    ),
  ],
  openrouter: [404, openAIError('No endpoints found that support image input', { code: 404 })],
  litellm: [400, openAIError('litellm.BadRequestError: OllamaException - this model does not support image input')],
  ollama: [400, onlyError('this model does not support image input')],
  vllm: [400, { object: 'error', message: 'm is not a multimodal model', code: 400 }],
  'lm-studio': [400, onlyError('Model does not support images. Please use a model that does.')],
  'llama-cpp': [
    500,
    openAIError('image input is not supported - hint: you may need to provide the mmproj', { code: 500 }),
  ],
}

/** What they say of an image that they cannot use. */
const invalidImageRefusals: Readonly<Record<string, Refusal>> = {
  openai: [400, openAIError('Failed to download image from the given URL.', { code: 'invalid_image_url' })],
  azure: [400, openAIError('The image data you provided does not represent a valid image.')],
  anthropic: [400, invalidRequest('Could not process image')],
  bedrock: [400, plain('Could not process image')],
  gemini: [400, listed('Unable to process input image.')],
  deepseek: [400, openAIError('Unsupported image type')],
  mistral: [400, { object: 'error', message: "Image, 'x', could not be loaded as a valid image.", code: '3310' }],
  groq: [400, openAIError('failed to retrieve media: received non 200 status code')],
  openrouter: [400, openAIError('Provider returned error', { metadata: { raw: 'Could not process image' } })],
  litellm: [400, openAIError('litellm.BadRequestError: Unable to fetch image from URL.')],
  ollama: [400, onlyError('invalid image input')],
  vllm: [400, { object: 'error', message: 'cannot identify image file <_io.BytesIO object at 0x7f>', code: 400 }],
  'lm-studio': [400, onlyError("'url' field must be a base64 encoded image.")],
  'llama-cpp': [400, openAIError('Failed to load image or audio file', { code: 400 })],
}

const stateRefusals: Readonly<Record<string, Refusal>> = {
  anthropic: [400, invalidRequest('messages.1.content.0: Invalid `signature` in `thinking` block')],
  gemini: [400, listed('Thought signature is not valid.')],
  groq: [400, openAIError("'messages.1' : property 'reasoning_content' is unsupported")],
  mistral: [
    422,
    {
      detail: [
        { loc: ['body', 'messages', 1, 'assistant', 'reasoning_content'], msg: 'Extra inputs are not permitted' },
      ],
    },
  ],
}

/** A refusal that nobody understands. */
const obscure: Refusal = [400, openAIError('请求无效')]

const bytes = Buffer.from('opaque-bytes').toString('base64')
const question: MessageRecord = {
  ...newUserMessage(newStream()),
  parts: [
    { type: 'text', text: 'What is this?' },
    { type: 'file', mediaType: 'image/png', name: 'a.png', url: `data:image/png;base64,${bytes}` },
    { type: 'file', mediaType: 'image/png', name: null, url: 'https://pictures.example/a.png' },
  ],
}
const call: MessagePart = {
  type: 'tool',
  call: {
    ...createToolCall('call', 'look'),
    argumentsText: '{}',
    argumentsWhole: true,
    state: 'SUCCEEDED',
    result: 'Owls.',
  },
}
const thought: MessagePart = {
  type: 'reasoning',
  text: 'Hm.',
  providerState: {
    options: { anthropic: { signature: 'opaque-state' } },
    message: { reasoning_content: 'opaque-state' },
  },
}
const answer: MessageRecord = {
  ...question,
  id: 'answer',
  role: 'ASSISTANT',
  status: 'STREAMING',
  model: 'p/m',
  parts: [thought, call],
}

const newHistory =
  (dialect: Dialect): AgentRun['loadHistory'] =>
  async ({ omissions = noOmissions } = {}) =>
    toModelMessages(omitMessageFiles([question, answer], omissions), { target: { id: 'p/m', dialect }, omissions })

/** Asks twice. Returns the texts, and how many requests each took. */
async function askTwice(server: DialectServer, isRefused: (body: string) => boolean, [status, body]: Refusal) {
  const dialect = findDialect(server)
  const observer = new ModelObservations(newModelObservationStore(), silentLogger).createObserver({
    model: 'p/m',
    baseURL: '',
  })
  const stop = server.type === 'anthropic' ? 'end_turn' : 'stop'
  const writer = server.newResponse()
  const greeting = writer.start() + writer.text('Hello.') + writer.finish(stop, server.usage) + writer.end()
  const refuse = (text: string): DialectResponse | null => (isRefused(text) ? { status, body } : null)
  const ask = () => askDialectServer(server, [greeting], { loadHistory: newHistory(dialect), observer, refuse })
  const [first, second] = [await ask(), await ask()]
  return { first, second, observer }
}

const nameOf = ({ name }: DialectServer): string => name.replace(/,.*$/, '')
const find = (refusals: Readonly<Record<string, Refusal>>, server: DialectServer): Refusal => {
  const [status, body] = refusals[nameOf(server)] ?? obscure
  const { type, name } = server
  // A gateway in Anthropic's format.
  return type === 'anthropic' && name.includes(',') && status === 400
    ? [400, invalidRequest(JSON.stringify(body))]
    : [status, body]
}

const hasImage = (body: string): boolean => body.includes('image_url') || body.includes('"type":"image"')
const hasCalls = (body: string): boolean => body.includes('"tool_calls"') || body.includes('"tool_use"')

describe.each(allDialectServers)('$name', (server) => {
  test('answers without images if its model takes none, and is not sent any again', async () => {
    const { first, second, observer } = await askTwice(server, hasImage, find(imageRefusals, server))
    expect([first.error, first.text, first.requests.length]).toEqual([null, 'Hello.', 2])
    expect([second.text, second.requests.length]).toEqual(['Hello.', 1])
    expect(observer.omissions.images).toBe(true)
  })

  test('answers without an image that it cannot use, and is not sent it again', async () => {
    const isLinked = (body: string): boolean => body.includes('https://pictures.example')
    const { first, second, observer } = await askTwice(server, isLinked, find(invalidImageRefusals, server))
    expect([first.error, first.text, first.requests.length]).toEqual([null, 'Hello.', 2])
    expect([second.text, second.requests.length]).toEqual(['Hello.', 1])
    expect(JSON.stringify(second.requests[0])).toContain(bytes)
    expect(observer.omissions.images).toBe(false)
  })

  test('answers without state that it does not take back, and is not sent it again', async () => {
    const isRefused = (body: string): boolean => body.includes('opaque-state')
    const { first, second } = await askTwice(server, isRefused, find(stateRefusals, server))
    expect([first.error, first.text, second.text, second.requests.length]).toEqual([null, 'Hello.', 'Hello.', 1])
  })

  test.each<readonly [string, (body: string) => boolean]>([
    ['images', hasImage],
    ['its state', (body) => body.includes('opaque-state')],
    ['earlier tool calls', hasCalls],
    ['images or earlier tool calls', (body) => hasImage(body) || hasCalls(body)],
  ])('answers if it refuses %s in words that nobody understands', async (_, isRefused) => {
    for (const status of [400, 404, 415, 422, 501]) {
      const { first, second } = await askTwice(server, isRefused, [status, obscure[1]])
      expect([first.error, first.text]).toEqual([null, 'Hello.'])
      expect(second.text).toBe('Hello.')
      expect(second.requests.length).toBeLessThan(first.requests.length + 1)
    }
  })
})
