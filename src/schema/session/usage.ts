import type { Usage } from '../../model/usage.ts'
import { builder } from '../builder.ts'

export const UsageType = builder.objectRef<Usage>('Usage').implement({
  description:
    "What was paid for, in tokens: the provider's own figures; estimated here where it sent none, as after a cancel.",
  fields: (t) => ({
    estimated: t.exposeBoolean('estimated', { description: 'At least one of the figures is an estimate.' }),
    inputTokens: t.exposeInt('inputTokens', { description: 'Sent to the model, those from its cache included.' }),
    outputTokens: t.exposeInt('outputTokens', { description: 'Made by the model, reasoning included.' }),
    reasoningTokens: t.exposeInt('reasoningTokens', { description: 'Of outputTokens, those spent on reasoning.' }),
    cachedInputTokens: t.exposeInt('cachedInputTokens', { description: 'Of inputTokens, those read from a cache.' }),
  }),
})
