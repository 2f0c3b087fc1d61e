import { hash } from 'node:crypto'
import { defaultModelPricing, type ModelPricing } from '../../usage/model-prices.ts'
import {
  type Agent,
  AgentError,
  type AgentEvent,
  type GeneratedText,
  type SummaryAndTitleGenerator,
  type SummaryUsageEvent,
} from '../agent.ts'
import { takeBeginning } from '../tokens/shorten-text.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import { formatTranscript } from './format-transcript.ts'
import { composeSummaryPrompt, composeTitlePrompt } from './text-prompts.ts'
import { TextGenerationUsageMeter } from './text-generation-usage-meter.ts'

/** How much of a chat is sent for a title. */
const maxTitleInputTokens = 1000
/** The share of a small context window that the chat may fill in a request for a title. */
const titleWindowShare = 0.4

interface GenerateTextOptions {
  readonly model: string
  readonly signal: AbortSignal
  readonly onEvent?: (event: SummaryUsageEvent) => void
  readonly pricing: ModelPricing
  /** Called again with a context window, in tokens, if the provider refuses the prompt as too long. */
  readonly composePrompt: (contextWindow?: number) => string
}

/** How the requests of a text generator reach the model. */
export interface TextGenerationAgents {
  /** Its requests wait for those of answers. */
  readonly background: Agent
  /** Its requests are as urgent as those of answers. */
  readonly urgent: Agent
}

/** What a text generator knows of its model. */
export interface TextGenerationModel {
  readonly contextWindow: number
  readonly tokenCounter: TokenCounter
  /** Default: only what the provider reports counts. */
  readonly pricing?: ModelPricing
}

/**
 * Creates a text generator that uses agents. The chat is sent as one text, because some providers reject tool calls in
 * a request without tools.
 */
export function createModelSummaryGenerator(
  { background, urgent }: TextGenerationAgents,
  model: TextGenerationModel,
): SummaryAndTitleGenerator {
  const { pricing = defaultModelPricing } = model
  return {
    generateSummary: ({ isUrgent = false, ...request }) => {
      const prompt = composeSummaryPrompt(request)
      let sentWindow = 0
      return generate(isUrgent ? urgent : background, {
        ...request,
        pricing,
        composePrompt: (contextWindow = Number.POSITIVE_INFINITY) => {
          // A smaller window than before means that the provider has refused the prompt as too long.
          if (contextWindow < sentWindow || model.tokenCounter.countText(prompt) > contextWindow)
            throw new AgentError('CONTEXT_LENGTH', 'The chat to summarise is too long for one request to the model.')
          sentWindow = contextWindow
          return prompt
        },
      })
    },
    generateTitle: ({ messages, ...request }) => {
      const transcript = formatTranscript(messages)
      return generate(background, {
        ...request,
        pricing,
        composePrompt: (contextWindow = model.contextWindow) => {
          const maxTokens = Math.min(maxTitleInputTokens, contextWindow * titleWindowShare)
          return composeTitlePrompt(takeBeginning(transcript, maxTokens, model.tokenCounter))
        },
      })
    },
  }
}

async function generate(
  agent: Agent,
  { model, signal, onEvent, pricing, composePrompt }: GenerateTextOptions,
): Promise<GeneratedText> {
  let text = ''
  const usageMeter = new TextGenerationUsageMeter(pricing)
  const events = agent.answer({
    model,
    loadHistory: async (history) => [{ role: 'user', content: composePrompt(history?.contextWindow).toWellFormed() }],
    waitForPermission: async () => null,
    hasPendingSteering: () => false,
    askUser: async () => ({ type: 'cancelled' }),
    isCallAllowed: async () => false,
    // A file is no part of the text.
    storeFile: async ({ bytes, ...file }) => ({ ...file, size: bytes.length, hash: hash('sha256', bytes) }),
    signal,
  })
  for await (const event of events) {
    if (event.type === 'text') text += event.text
    if (event.type === 'text-was-reasoning') text = ''
    if (event.type === 'usage') onEvent?.({ type: 'usage', usage: usageMeter.fillMissing(event.usage) })
    else if (isRequestEvent(event)) onEvent?.(event)
    usageMeter.add(event)
  }
  if (signal.aborted) throw new AgentError('PROVIDER', 'The text generation was aborted.')
  const unreported = usageMeter.estimateOpenRequest()
  if (unreported) onEvent?.({ type: 'usage', usage: unreported })
  return { text, usage: usageMeter.finish() }
}

function isRequestEvent(event: AgentEvent): event is Exclude<SummaryUsageEvent, { readonly type: 'usage' }> {
  return event.type === 'step' || event.type === 'retry-wait'
}
