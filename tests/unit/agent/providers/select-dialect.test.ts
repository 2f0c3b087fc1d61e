import { describe, expect, test } from 'vitest'
import { defaultDialect } from '../../../../src/agent/providers/dialect.ts'
import { parseProviderFinishReason } from '../../../../src/agent/providers/parse-provider-finish-reason.ts'
import {
  type DialectEvidence,
  providerDialects,
  selectDialect,
} from '../../../../src/agent/providers/select-dialect.ts'

describe('the dialect of a provider', () => {
  test.each([
    ['openai', null, 'openai'],
    ['anthropic', null, 'anthropic'],
    ['openai', 'https://api.openai.com/v1', 'openai'],
    ['openai-compatible', 'https://API.OpenAI.com/v1', 'openai'],
    ['openai', 'https://my-name.openai.azure.com/openai/deployments/x', 'azure'],
    ['anthropic', 'https://api.anthropic.com/v1', 'anthropic'],
    ['anthropic', 'https://api.deepseek.com/anthropic', 'deepseek'],
    ['openai', 'https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1', 'bedrock'],
    ['openai', 'https://generativelanguage.googleapis.com/v1beta/openai', 'gemini'],
    ['openai', 'https://europe-west1-aiplatform.googleapis.com/v1beta1/x', 'gemini'],
    ['openai-compatible', 'https://api.mistral.ai/v1', 'mistral'],
    ['openai-compatible', 'https://api.groq.com/openai/v1', 'groq'],
    ['openai-compatible', 'https://openrouter.ai/api/v1', 'openrouter'],
    ['openai-compatible', 'http://127.0.0.1:4000', 'litellm'],
    ['openai-compatible', 'http://127.0.0.1:11434/v1', 'ollama'],
    ['openai-compatible', 'http://gpu.local:8000/v1', 'vllm'],
    ['openai-compatible', 'http://127.0.0.1:1234/v1', 'lm-studio'],
    ['openai-compatible', 'http://127.0.0.1:8080/v1', 'llama-cpp'],
    ['openai', 'https://gateway.example/v1', 'default'],
    ['openai-compatible', 'https://api.openai.com.example/v1', 'default'],
  ] as const)('type %s at %s: %s', (type, baseURL, expected) => {
    expect(selectDialect({ type, baseURL }).name).toBe(expected)
  })

  const nameUnknown = (evidence: DialectEvidence, baseURL = 'https://gateway.example/v1') =>
    selectDialect({ type: 'openai-compatible', baseURL }, evidence).name

  test.each<[string, DialectEvidence]>([
    ['llama-cpp', { headers: new Headers({ server: 'llama.cpp' }) }],
    ['litellm', { headers: new Headers({ 'x-litellm-version': '1.2.3' }) }],
    ['llama-cpp', { modelList: [{ id: 'm', owned_by: 'llamacpp' }] }],
    ['vllm', { modelList: [{ id: 'm', max_model_len: 4096 }] }],
    ['ollama', { modelList: [{ id: 'm', owned_by: 'library' }] }],
    ['lm-studio', { modelList: [{ id: 'm', compatibility_type: 'gguf' }] }],
    ['openrouter', { modelList: [{ id: 'm', top_provider: {} }] }],
    ['default', { modelList: ['m', null, { id: 'm', owned_by: 'openai' }, { id: 'n', owned_by: 'mistralai' }] }],
  ])('is %s if the list of models of an unknown server shows it: %j', (expected, evidence) => {
    expect(nameUnknown(evidence)).toBe(expected)
  })

  test('is that of the host whatever the list shows, and that of the list whatever the port is', () => {
    const evidence = { headers: new Headers({ server: 'llama.cpp' }) }
    expect(nameUnknown(evidence, 'https://api.groq.com/openai/v1')).toBe('groq')
    expect(nameUnknown(evidence, 'http://127.0.0.1:8000/v1')).toBe('llama-cpp')
  })

  test('is that of a gateway, although it passes on a header of its provider', () => {
    const headers = new Headers({ 'x-litellm-call-id': '1', 'x-groq-region': 'us' })
    expect(nameUnknown({ headers })).toBe('litellm')
  })

  test('has the words of the user follow the results of tools in one turn where the format does', () => {
    const alternates = (['anthropic', 'openai-compatible', 'openai'] as const).map(
      (type) => selectDialect({ type, baseURL: 'https://gateway.example/v1' }).roles.alternates,
    )
    expect(alternates).toEqual([false, true, true])
  })

  test('makes no request less strict if it is guessed from the port', () => {
    for (const { recognition, roles, tools, images, retry, rejectedFields } of providerDialects) {
      if (recognition.port === undefined) continue
      expect(defaultDialect).toMatchObject({ roles, tools, images, retry, rejectedFields })
    }
  })
})

describe('finish reasons', () => {
  test.each([
    ['stop', 'STOP'],
    ['STOP', 'STOP'],
    ['end_turn', 'STOP'],
    ['stop_sequence', 'STOP'],
    ['length', 'LENGTH'],
    ['MAX_TOKENS', 'LENGTH'],
    ['model_length', 'LENGTH'],
    ['model_context_window_exceeded', 'LENGTH'],
    ['tool_calls', 'TOOL_CALLS'],
    ['tool_use', 'TOOL_CALLS'],
    ['function_call', 'TOOL_CALLS'],
    ['content_filter', 'CONTENT_FILTER'],
    ['content_filter: RECITATION', 'CONTENT_FILTER'],
    ['SAFETY', 'CONTENT_FILTER'],
    ['guardrail_intervened', 'CONTENT_FILTER'],
    ['refusal', 'REFUSAL'],
    ['pause_turn', 'OTHER'],
    ['insufficient_system_resource', 'ERROR'],
    ['MALFORMED_FUNCTION_CALL', 'ERROR'],
    ['something new', 'OTHER'],
    ['constructor', 'OTHER'],
  ] as const)('%s is %s', (text, expected) => {
    expect(parseProviderFinishReason(text)).toBe(expected)
  })
})
