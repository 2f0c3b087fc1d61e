import { defineDialect } from '../dialect.ts'

/** Amazon Bedrock, through a gateway or its OpenAI-compatible endpoint: https://docs.aws.amazon.com/bedrock/latest/APIReference */
export const bedrockDialect = defineDialect({
  name: 'bedrock',
  recognition: {
    host: /(^|\.)bedrock(-runtime|-mantle)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws)$/,
  },
  errors: {
    messageKeys: ['Message'],
    codes: {
      authentication: ['unrecognizedclientexception', 'invalidsignatureexception', 'expiredtokenexception'],
      moderation: ['guardrailintervened'],
      overloaded: ['modelnotreadyexception', 'serviceunavailableexception'],
      quota: ['servicequotaexceededexception'],
      'rate-limit': ['throttlingexception', 'toomanyrequestsexception'],
      timeout: ['modeltimeoutexception'],
    },
  },
  reasoning: { messageState: ['thinking', 'redacted_thinking', 'reasoningContent'], returned: 'within-turn' },
  finishReasons: {
    guardrail_intervened: 'CONTENT_FILTER',
    content_filtered: 'CONTENT_FILTER',
    malformed_model_output: 'ERROR',
    malformed_tool_use: 'ERROR',
  },
  tools: { maxDescriptionLength: 10_000 },
  images: { maxCount: 20 },
})
