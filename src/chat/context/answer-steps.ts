import type { MessagePart, ToolCall } from '../../model/message.ts'

/** A part that a model has generated, and can be sent back. */
export type AnswerStepPart = Exclude<MessagePart, { readonly type: 'file' }>

/** What one request to the model has added to an answer. */
export interface AnswerStep {
  readonly parts: AnswerStepPart[]
  /** The calls whose arguments are complete. The model did not finish the others. */
  readonly calls: ToolCall[]
}

/**
 * Splits an answer into steps. What follows a tool call was generated when the call's result was known, so it starts a step;
 * but further calls belong to the same one.
 */
export function splitAnswerIntoSteps(allParts: readonly MessagePart[]): AnswerStep[] {
  const steps: AnswerStep[] = []
  for (const part of allParts.map(describeFile)) {
    const last = steps.at(-1)
    const hasCalls = last?.parts.some(({ type }) => type === 'tool') ?? false
    const step = last && (part.type === 'tool' || !hasCalls) ? last : { parts: [], calls: [] }
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
