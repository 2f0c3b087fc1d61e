import { defineDialect } from '../dialect.ts'
import { openAIVisionModelPattern } from './openai.ts'

/** Azure OpenAI and Azure AI Foundry: https://learn.microsoft.com/azure/ai-services/openai/reference */
export const azureDialect = defineDialect({
  name: 'azure',
  recognition: {
    host: /\.(openai|services\.ai|cognitiveservices)\.azure\.(com|us|cn)$/,
    defaultOf: 'azure',
  },
  errors: {
    codes: {
      moderation: ['contentfilter', 'responsibleaipolicyviolation'],
      'model-not-found': ['deploymentnotfound', 'modeldeploymentnotfound'],
      authentication: ['permissiondenied', 'authenticationtypedisabled'],
      unsupported: ['operationnotsupported', 'unsupportedapiversion'],
    },
  },
  roles: { startsWithUser: false, alternates: false, system: 'anywhere' },
  images: { modelNames: openAIVisionModelPattern, maxBytes: 20 * 1024 * 1024, maxEdge: 16_384, manyImages: null },
  retry: { headers: { 'x-ratelimit-reset-requests': 'seconds', 'x-ratelimit-reset-tokens': 'seconds' } },
})
