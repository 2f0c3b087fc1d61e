import { defineDialect } from '../dialect.ts'

/** LiteLLM's proxy, with any provider behind it: https://docs.litellm.ai/docs/simple_proxy */
export const liteLLMDialect = defineDialect({
  name: 'litellm',
  recognition: { responseHeaders: { 'x-litellm-call-id': /./, 'x-litellm-version': /./ }, port: 4000 },
  // It passes Anthropic's lists on to servers that take only strings.
  singleText: 'string',
  modelList: {
    contextWindowPaths: ['max_input_tokens', 'model_info.max_input_tokens'],
    outputLimitPaths: ['max_output_tokens', 'model_info.max_output_tokens'],
  },
  errors: {
    codes: {
      quota: ['budgetexceeded', 'budgetexceedederror'],
      'context-length': ['contextwindowexceedederror'],
      moderation: ['contentpolicyviolationerror'],
      authentication: ['authenticationerror', 'tokennotfoundindb', 'nodbconnection', 'expiredkey'],
    },
  },
  reasoning: {
    messageState: ['thinking_blocks'],
    toolCallState: ['provider_specific_fields'],
    returned: 'within-turn',
  },
})
