import type { NumericFields } from '../response-values.ts'
import type { ResponsePart } from '../sdk-types.ts'

type SdkUsage = Extract<ResponsePart, { readonly type: 'finish' }>['usage']

/** The usage of a chat completion, as the AI SDK has it. Null if the provider sent none. */
export function toSdkUsage(raw: NumericFields | null): SdkUsage {
  const [input, output] = [readNumber(raw, 'prompt_tokens'), readNumber(raw, 'completion_tokens')]
  const cacheRead = readNumber(raw, 'prompt_tokens_details', 'cached_tokens')
  const reasoning = readNumber(raw, 'completion_tokens_details', 'reasoning_tokens')
  // Only the totals and the parts that are named count.
  return {
    inputTokens: { total: input, noCache: undefined, cacheRead, cacheWrite: undefined },
    outputTokens: { total: output, text: undefined, reasoning },
    ...(raw && { raw }),
  }
}

/** The number at a path. In a usage that was sent, one that is missing is 0. */
function readNumber(raw: NumericFields | null, ...path: readonly string[]): number | undefined {
  if (raw === null) return undefined
  let value: NumericFields | number | undefined = raw
  for (const key of path) value = typeof value === 'object' ? value[key] : undefined
  return typeof value === 'number' ? value : 0
}
