import { describe, expect, test } from 'vitest'
import { isChatModel } from '../../../../src/agent/models/is-chat-model.ts'
import { parseModelListEntries, readModelListEntries } from '../../../../src/agent/models/parse-model-list.ts'

const parseModelList = (value: unknown) => {
  const entries = readModelListEntries(value)
  return entries && parseModelListEntries(entries)
}

/** Parses a list with one model, named `m` by default. */
function parseModel(fields: object) {
  const [model] = parseModelList({ object: 'list', data: [{ id: 'm', object: 'model', ...fields }] }) ?? []
  if (!model) throw new Error('The list has no model.')
  return model
}

describe('a list of models', () => {
  test('may be an array alone', () => {
    expect(parseModelList([{ id: 'a' }, { id: 'b' }])?.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('loses invalid entries only', () => {
    const data = [null, 'a', {}, { id: '' }, { id: 7 }, { id: 'b', created: 'x', meta: 1, type: [], capabilities: 2 }]
    expect(parseModelList({ data })).toEqual([
      {
        name: 'b',
        createdAt: null,
        contextWindow: null,
        maxOutputTokens: null,
        supportsTools: null,
        supportsImages: null,
        efforts: null,
        supportsPdfs: null,
        purpose: 'unknown',
      },
    ])
  })

  test.each([null, 'x', {}, { data: {} }, { models: [] }])('is not %j', (value) => {
    expect(parseModelList(value)).toBeNull()
  })
})

describe('the longest answer of a listed model', () => {
  test.each<[string, object, number | null]>([
    ['Gemini', { inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 }, 65_536],
    ['OpenRouter', { context_length: 200_000, top_provider: { max_completion_tokens: 64_000 } }, 64_000],
    ['LiteLLM', { max_input_tokens: 128_000, max_output_tokens: 16_384 }, 16_384],
    ['a list that does not say it', { context_length: 4096 }, null],
    ['a list that says nonsense', { max_output_tokens: 'many' }, null],
  ])('%s', (_, fields, tokens) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] })?.[0]?.maxOutputTokens).toBe(tokens)
  })
})

describe('a listed model that takes images', () => {
  test.each<[string, object]>([
    ['OpenRouter', { architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] } }],
    ['Mistral', { capabilities: { completion_chat: true, vision: true } }],
    ['Fireworks', { supports_chat: true, supports_image_in: true }],
    ['xAI', { input_modalities: ['text', 'image'] }],
    ['GitHub', { supported_input_modalities: ['text', 'image'] }],
    ['llama.cpp', { capabilities: ['completion', 'multimodal'] }],
    ['LM Studio', { type: 'vlm' }],
  ])('%s', (_, fields) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] })?.[0]?.supportsImages).toBe(true)
  })

  test.each<[string, object]>([
    ['says nothing', {}],
    ['draws', { architecture: { input_modalities: ['text'], output_modalities: ['image'] } }],
    ['denies it, because only a refusal is proof', { capabilities: { completion_chat: true, vision: false } }],
  ])('is not known to do so if its list %s', (_, fields) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] })?.[0]?.supportsImages).toBeNull()
  })
})

describe('the context window of a listed model', () => {
  test.each<[string, object, number]>([
    ['LiteLLM', { max_input_tokens: 2000, mode: 'chat' }, 2000],
    ['vLLM', { max_model_len: 2000 }, 2000],
    ['llama.cpp', { meta: { n_ctx: 2000, n_ctx_train: 131_072 } }, 2000],
    ['Together', { type: 'chat', context_length: 2000 }, 2000],
    ['Groq', { context_window: 2000, max_completion_tokens: 500 }, 2000],
    ['Mistral', { max_context_length: 2000 }, 2000],
    ['Anthropic', { type: 'model', max_input_tokens: 200_000, max_tokens: 64_000 }, 200_000],
    ['OpenRouter, whose upstream has less', { context_length: 9000, top_provider: { context_length: 2000 } }, 2000],
    ['LM Studio, which loaded less', { max_context_length: 9000, loaded_context_length: 2000 }, 2000],
    ['a server that sends text', { context_length: '2000' }, 2000],
    ['a server with one usable value', { context_length: 0, max_model_len: 256 }, 256],
  ])('is known for %s', (_, fields, tokens) => {
    expect(parseModel(fields).contextWindow).toBe(tokens)
  })

  test.each([{}, { context_length: null }, { context_length: -1 }, { context_length: 255 }, { max_model_len: 2000.5 }])(
    'is not known from %j',
    (fields) => {
      expect(parseModel(fields).contextWindow).toBeNull()
    },
  )
})

describe('a listed model', () => {
  test.each<[string, object]>([
    ['LiteLLM', { id: 'text-embedder', mode: 'chat' }],
    ['Together', { type: 'language' }],
    ['LM Studio', { type: 'vlm', capabilities: ['tool_use'] }],
    ['GitHub', { task: 'chat-completion' }],
    ['Mistral', { capabilities: { completion_chat: true, vision: true } }],
    ['llama.cpp', { capabilities: ['completion', 'multimodal'] }],
    ['Cohere', { endpoints: ['generate', 'chat', 'rerank'] }],
    ['OpenRouter', { architecture: { output_modalities: ['image', 'text'] } }],
    ['Fireworks', { supports_chat: true }],
    ['Anthropic', { type: 'model' }],
    ['Hugging Face', { id: 'org/llama-3-8b-instruct' }],
    ['a server without capabilities', { capabilities: [] }],
  ])('of %s can chat', (_, fields) => {
    expect(isChatModel('openai-compatible', parseModel(fields))).toBe(true)
    expect(isChatModel('openai', parseModel(fields))).toBe(true)
  })

  test.each<[string, object]>([
    ['LiteLLM that embeds', { mode: 'embedding' }],
    ['LiteLLM that ranks', { mode: 'rerank' }],
    ['LiteLLM that speaks', { mode: 'audio_speech' }],
    ['LiteLLM that draws', { mode: 'image_generation' }],
    ['Together that embeds', { type: 'embedding' }],
    ['LM Studio that embeds', { type: 'embeddings' }],
    ['GitHub that embeds', { task: 'embeddings' }],
    ['Mistral that reads pages', { capabilities: { completion_chat: false } }],
    ['Infinity that ranks', { capabilities: ['rerank'] }],
    ['Cohere that embeds', { endpoints: ['embed', 'classify'] }],
    ['OpenRouter that draws', { architecture: { output_modalities: ['image'] } }],
    ['Fireworks that draws', { supports_chat: false }],
    ...['nomic-embed-text', 'BAAI/bge-m3', 'bge-reranker-v2', 'all-minilm:l6', 'whisper-large-v3', 'playai-tts'].map(
      (id): [string, object] => [`the name ${id}`, { id }],
    ),
  ])('of %s cannot chat', (_, fields) => {
    for (const type of ['openai', 'openai-compatible', 'anthropic'] as const)
      expect(isChatModel(type, parseModel(fields))).toBe(false)
  })
})

describe('a listed model takes tools', () => {
  test.each<[string, object]>([
    ['OpenRouter', { supported_parameters: ['max_tokens', 'tools', 'tool_choice'] }],
    ['Mistral', { capabilities: { completion_chat: true, function_calling: true } }],
    ['LM Studio', { type: 'llm', capabilities: ['tool_use'] }],
    ['Fireworks', { supports_chat: true, supports_tools: true }],
  ])('if %s says so', (_, fields) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] })?.[0]?.supportsTools).toBe(true)
  })

  test.each<[string, object]>([
    ['says nothing', {}],
    ['names other parameters', { supported_parameters: ['max_tokens'] }],
    ['denies it, because only a refusal is proof', { supports_tools: false }],
  ])('or may do so if the list %s', (_, fields) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] })?.[0]?.supportsTools).toBeNull()
  })
})
