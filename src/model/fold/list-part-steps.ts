import type { MessagePart } from '../message.ts'

/**
 * The step of each part: the request of the answer that made it, counted from 0. Where that was not recorded, steps are
 * counted by their tool calls.
 */
export function listPartSteps(parts: readonly MessagePart[]): number[] {
  let step = 0
  return parts.map((part, index) => {
    step = part.step ?? (index > 0 && isStepStart(parts, index) ? step + 1 : step)
    return step
  })
}

/**
 * Whether a part is the first one of its step. Where steps were not recorded, what follows a tool call was generated when
 * the call's result was known, so it begins a step; but further calls belong to the same one.
 */
export function isStepStart(parts: readonly MessagePart[], index: number): boolean {
  const part = parts[index]
  const previous = parts[index - 1]
  if (!part || !previous) return true
  if (part.step !== undefined && previous.step !== undefined) return part.step !== previous.step
  return part.type !== 'tool' && previous.type === 'tool'
}
