import { estimateTokensOfLength } from '../../agent/tokens/estimate-tokens-of-length.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { addTokenCounts, noUsage, type Usage } from '../../model/usage.ts'

type Step = NonNullable<StreamRecord['step']>

/** A step that starts now, with about this many input tokens. */
export function createStep(answer: MessageRecord | null, inputTokens: number): Step {
  return { inputTokens, producedBefore: countProducedCodeUnits(answer) }
}

/** The usage of a step for which the provider sent no figures. What it produced was paid for all the same. */
export function estimateStepUsage(step: Step, answer: MessageRecord | null): Usage {
  // After a crash, the stream's row may be ahead of the answer: it counts text that was not committed.
  const producedCodeUnits = Math.max(0, countProducedCodeUnits(answer) - step.producedBefore)
  return {
    ...noUsage,
    estimated: true,
    inputTokens: step.inputTokens,
    outputTokens: estimateTokensOfLength(producedCodeUnits),
  }
}

/** The tokens of a step, input and output, as the provider has counted them. Null if any of them is an estimate. */
export function countReportedTokens(usage: Usage | null): number | null {
  return usage && !usage.estimated ? addTokenCounts(usage.inputTokens, usage.outputTokens) : null
}

/** How much text the model has produced for an answer, in UTF-16 code units. */
function countProducedCodeUnits(answer: MessageRecord | null): number {
  let codeUnits = 0
  for (const part of answer?.parts ?? []) {
    if (part.type === 'tool') codeUnits += part.call.argumentsText.length
    else if (part.type !== 'file') codeUnits += part.text.length
  }
  return codeUnits
}
