import { APICallError } from 'ai'
import { describe, expect, test } from 'vitest'
import { toAgentError } from '../../../../../src/agent/providers/errors/classify-provider-error.ts'
import { AdjustableRequestRejectionError } from '../../../../../src/agent/providers/errors/provider-request-rejection.ts'

function readRefusal(statusCode: number, body: unknown, requestBodyValues: object = {}): unknown {
  const responseBody = JSON.stringify(body)
  const failure = new APICallError({ message: 'Failed', url: '', requestBodyValues, statusCode, responseBody })
  const error = toAgentError(failure, [])
  return error instanceof AdjustableRequestRejectionError ? error.refusal : null
}

const error = (message: string, more: object = {}) => ({ error: { message, ...more } })

describe('a request that is too long tells the context window and its own length', () => {
  test.each<readonly [string, number | null, number | null, unknown]>([
    [
      'OpenAI',
      8192,
      10353,
      error(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 10353 tokens (10000 in the messages, 353 in the functions).",
        { code: 'context_length_exceeded' },
      ),
    ],
    [
      'OpenAI, with the answer',
      8192,
      8000,
      error(
        "This model's maximum context length is 8,192 tokens. However, you requested 9,000 tokens (8,000 in the messages, 1,000 in the completion).",
      ),
    ],
    [
      'vLLM',
      4096,
      9000,
      error(
        "You passed 9000 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3996 tokens.",
      ),
    ],
    ['Anthropic', 200_000, 210_000, error('prompt is too long: 210000 tokens > 200000 maximum')],
    [
      'Anthropic, with max_tokens',
      200_000,
      190_000,
      error('input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length'),
    ],
    [
      'Gemini',
      1_048_576,
      1_200_000,
      [error('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).')],
    ],
    [
      'Mistral',
      32_768,
      40_000,
      {
        object: 'error',
        message:
          'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      },
    ],
    [
      'LM Studio',
      4096,
      null,
      {
        error:
          'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.',
      },
    ],
    [
      'xAI',
      131_072,
      150_000,
      {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
      },
    ],
    ['Kimi', 131_072, null, error('Invalid request: Your request exceeded model token limit: 131072')],
    [
      'Poolside',
      131_040,
      131_393,
      error('Input length 131393 exceeds the maximum allowed input length of 131040 tokens.'),
    ],
    [
      'llama.cpp',
      4096,
      5000,
      error('the request exceeds the available context size', {
        code: 400,
        type: 'exceed_context_size_error',
        n_prompt_tokens: 5000,
        n_ctx: 4096,
      }),
    ],
    [
      'llama.cpp, in words',
      4096,
      5000,
      error('request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it'),
    ],
    ['llama-cpp-python', 2048, 2100, error('Requested tokens (2100) exceed context window of 2048')],
    [
      'Text Generation Inference',
      4096,
      4000,
      {
        error:
          'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`',
      },
    ],
    [
      'OpenRouter',
      32_768,
      39_000,
      error(
        "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens (39000 of text input, 1000 in the output).",
        { code: 400 },
      ),
    ],
    ['SGLang', 4096, 9000, error("The input (9000 tokens) is longer than the model's context length (4096 tokens).")],
    [
      'Cerebras',
      8192,
      9017,
      error('Please reduce the length of the messages or completion. Current length is 9017 while limit is 8192', {
        code: 'context_length_exceeded',
      }),
    ],
    [
      'Cohere',
      4081,
      5000,
      { message: 'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.' },
    ],
    [
      'LiteLLM in front of llama.cpp',
      4096,
      6030,
      error(
        'litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: OpenAIException - request (6030 tokens) exceeds the available context size (4096 tokens), try increasing it\nmodel=m. context_window_fallbacks=None. fallbacks=None.',
        { code: '400' },
      ),
    ],
    ['Ollama', null, null, error('prompt too long; exceeded max context length by 512 tokens')],
    ['Bedrock', null, null, { message: 'Input is too long for requested model.' }],
    ['a server with an impossible window', null, null, error('maximum context length is 7 tokens')],
  ])('%s', (_, contextWindow, inputTokens, body) => {
    expect(readRefusal(400, body)).toEqual({ type: 'context-length', contextWindow, inputTokens })
  })
})

describe('a request with tools is known as such', () => {
  test.each<readonly [string, number, unknown]>([
    ['Ollama', 400, error('registry.ollama.ai/library/gemma3:4b does not support tools', { type: 'api_error' })],
    ['vLLM', 400, error('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')],
    [
      'OpenRouter',
      404,
      error('No endpoints found that support tool use. To learn more, visit: https://example.com/docs'),
    ],
    ['llama.cpp', 500, error('tools param requires --jinja flag', { code: 500, type: 'server_error' })],
    ['OpenAI', 400, error("Unsupported parameter: 'tools' is not supported with this model.", { param: 'tools' })],
    ['Azure', 400, error('Unrecognized request arguments supplied: tool_choice, tools')],
    ['Gemini', 400, [error('Function calling is not enabled for models/gemma-3-27b-it')]],
    ['Mistral', 400, { object: 'error', message: 'Function calling is not enabled for this model' }],
    ['Groq', 400, error('`tool calling` is not supported with this model')],
    ['DeepSeek', 400, error('deepseek-reasoner does not support Function Calling')],
    ['Bedrock', 400, { message: "This model doesn't support tool use in streaming mode." }],
    [
      'LiteLLM',
      400,
      error("litellm.UnsupportedParamsError: ollama does not support parameters: ['tools'], for model=m"),
    ],
    ['Together', 400, error('Function calling is not supported for this model')],
    ['Fireworks', 400, error('The model does not support function calling')],
    ['FastAPI', 422, { detail: [{ loc: ['body', 'tools'], msg: 'Extra inputs are not permitted' }] }],
  ])('%s', (_, status, body) => {
    expect(readRefusal(status, body)).toEqual({ type: 'tools' })
  })
})

test.each<readonly [string, number, unknown]>([
  ['a rejected key', 401, error('Incorrect API key provided')],
  ['an unknown model', 404, error('The model `tools` does not exist', { code: 'model_not_found' })],
])('%s cannot be avoided', (_, status, body) => {
  expect(readRefusal(status, body)).toBeNull()
})

describe('words of an error that say nothing about the request', () => {
  test.each<readonly [string, unknown]>([
    ['tools', error('Failed at: "their tools are not available yet"')],
    ['a long chat', error('Failed at: "the maximum context length is 4096 tokens"')],
    ['a long chat, of a gateway', error('litellm.APIConnectionError: prompt is too long: 9000 tokens > 4096 maximum')],
  ])('are those of a failure of the server: %s', (_, body) => {
    for (const status of [500, 502, 503]) expect(readRefusal(status, body)).toBeNull()
  })

  const request = {
    messages: [
      {
        role: 'system',
        content: 'Be brief.\n\nThese servers are "starting", and their tools are not available yet: a.',
      },
      { role: 'user', content: [{ type: 'text', text: 'Why is the maximum context length 4096 tokens here?' }] },
    ],
  }
  test.each([
    'Invalid template at These servers are "starting", and their tools are not available yet: a.',
    'Invalid template at: \\n\\nThese servers are \\"starting\\", and their tools are not available yet: a',
    'Cannot parse "Why is the maximum context length 4096 tokens here?"',
  ])('are those that repeat the request: %s', (message) => {
    for (const status of [400, 422]) expect(readRefusal(status, error(message), request)).toEqual({ type: 'unknown' })
    expect(readRefusal(500, error(message), request)).toEqual({ type: 'server-failure' })
    expect(readRefusal(400, error('m does not support tools'), request)).toEqual({ type: 'tools' })
  })

  test.each<readonly [string, unknown, object]>([
    ['a code', error('Failed', { code: 'context_length_exceeded' }), { type: 'context-length' }],
    [
      'LiteLLM in front of Ollama',
      error(
        'litellm.APIConnectionError: OllamaException - registry.ollama.ai/library/gemma3:4b does not support tools',
      ),
      { type: 'tools' },
    ],
    [
      'LiteLLM in front of llama.cpp',
      error('InternalServerError - tools param requires --jinja flag'),
      { type: 'tools' },
    ],
  ])('are not those that cannot be mistaken, whatever the status: %s', (_, body, refusal) => {
    expect(readRefusal(500, body)).toMatchObject(refusal)
  })
})
