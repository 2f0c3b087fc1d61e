import { isStepStart, listPartSteps } from '../../model/fold/list-part-steps.ts'
import type { MessagePart, ToolCall } from '../../model/message.ts'

/** A part that a model has generated, and can be sent back. */
export type AnswerStepPart = Exclude<MessagePart, { readonly type: 'file' }>

/** What one request to the model has added to an answer. */
export interface AnswerStep {
  /** Counted from 0 in the whole answer. */
  readonly step: number
  readonly parts: AnswerStepPart[]
  /** The calls whose arguments are complete. The model did not finish the others. */
  readonly calls: ToolCall[]
}

/** Splits an answer into steps. See `isStepStart`. */
export function splitAnswerIntoSteps(allParts: readonly MessagePart[]): AnswerStep[] {
  const numbers = listPartSteps(allParts)
  const steps: AnswerStep[] = []
  for (const [index, part] of allParts.map(describeFile).entries()) {
    const last = steps.at(-1)
    const step = last && !isStepStart(allParts, index) ? last : { step: numbers[index] ?? 0, parts: [], calls: [] }
    if (step !== last) steps.push(step)
    step.parts.push(part)
    if (part.type === 'tool' && part.call.argumentsWhole) step.calls.push(part.call)
  }
  return steps
}

/**
 * No request has a place for files in an answer. The model is told that it made one, on a line of its own: some formats join
 * the texts of a message.
 */
function describeFile(part: MessagePart, index: number): AnswerStepPart {
  if (part.type !== 'file') return part
  return { type: 'text', text: `${index > 0 ? '\n' : ''}[${part.name ?? part.mediaType}]` }
}
