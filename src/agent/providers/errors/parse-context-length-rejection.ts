import { z } from 'zod'
import { maxContextWindow, minContextWindow } from '../../../config/profile/provider.ts'
import { parseJsonOrNull } from '../../../lib/text/json.ts'
import type { ContextLengthRejection } from './provider-request-rejection.ts'

/**
 * OpenAI and Groq: one request has more tokens than are allowed in a minute. Their code is that of a rate limit, but no wait
 * helps. If it is only more than what is left of them, the message says how many are used.
 */
export const tokensPerMinutePattern = /\btokens per \w+(?: \(\w+\))?: limit ([\d,_]+), requested \d/

/**
 * Where messages name the context window, the most reliable place first. `#` stands for the number. Sizes in other units
 * than tokens do not count.
 */
const contextWindowPatterns = compile([
  '> ?#', // Anthropic: 210000 tokens > 200000 maximum
  '<= ?#', // Text Generation Inference, Together
  'context[ -]?(?:length|window|size|limit)(?! by)[^\\d>]{0,25}#', // OpenAI, vLLM, llama.cpp, LM Studio
  'max(?:imum)?(?: \\w+){0,3} (?:length|tokens?|size|window|limit|allowed)(?! by)[^\\d]{0,20}#', // xAI, Gemini, Poolside
  '# (?:tokens? )?max(?:imum)?\\b', // Mistral
  'token limit:? #', // Kimi
  'limit is #', // Cerebras
  'cannot exceed #', // Cohere
])

/** Where messages say how much was sent. */
const inputTokensPatterns = compile([
  'resulted in #',
  '# (?:tokens )?(?:in the messages|input tokens|of text input|tokens from the input|`inputs` tokens)',
  '(?:requested|requested about|contains|passed|received|current length is|input length|input|request|count|prompt is too long:|exceed context limit:|requested tokens) \\(?#',
])

function compile(patterns: readonly string[]): readonly RegExp[] {
  return patterns.map((pattern) => new RegExp(pattern.replace('#', '(\\d{1,9})\\b(?! ?(?:bytes|char|[kmg]i?b\\b))')))
}

const tokensSchema = z.coerce.number().int().positive().nullable().catch(null)
/** llama.cpp tells both figures in fields of their own. */
const countsSchema = z.object({ n_ctx: tokensSchema, n_prompt_tokens: tokensSchema })
const noCounts: z.infer<typeof countsSchema> = { n_ctx: null, n_prompt_tokens: null }

/** Reads how long a request was, and may be, from the error that refused it. `text` is in lower case. */
export function parseContextLengthRejection(payload: unknown, text: string): ContextLengthRejection {
  const tokensPerMinute = tokensPerMinutePattern.exec(text)?.[1]?.replace(/\D/g, '')
  // What was requested may include the answer.
  if (tokensPerMinute !== undefined) return toRejection(Number(tokensPerMinute), null)
  const counts = readCounts(payload)
  const plainText = text.replace(/(\d)[,_](?=\d{3}\b)/g, '$1')
  const contextWindow = counts.n_ctx ?? findNumber(contextWindowPatterns, plainText)
  return toRejection(contextWindow, counts.n_prompt_tokens ?? findNumber(inputTokensPatterns, plainText))
}

function toRejection(contextWindow: number | null, inputTokens: number | null): ContextLengthRejection {
  const isKnown = contextWindow !== null && isPlausible(contextWindow)
  return { type: 'context-length', contextWindow: isKnown ? contextWindow : null, inputTokens }
}

/** The counts may stand in the error object, whatever is around it. Gateways quote it as JSON. */
function readCounts(payload: unknown, depth = 0): z.infer<typeof countsSchema> {
  const value = typeof payload === 'string' ? parseJsonOrNull(payload) : payload
  if (typeof value !== 'object' || value === null || depth > 4) return noCounts
  const counts = countsSchema.safeParse({ n_ctx: null, n_prompt_tokens: null, ...value })
  if (counts.success && counts.data.n_ctx !== null) return counts.data
  return 'error' in value ? readCounts(value.error, depth + 1) : noCounts
}

function isPlausible(tokens: number): boolean {
  return tokens >= minContextWindow && tokens <= maxContextWindow
}

function findNumber(patterns: readonly RegExp[], text: string): number | null {
  const match = patterns.map((pattern) => pattern.exec(text)?.[1]).find((digits) => digits !== undefined)
  return match === undefined ? null : Number(match)
}
