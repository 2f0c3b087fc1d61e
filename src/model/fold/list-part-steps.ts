import type { MessagePart } from '../message.ts'

/**
 * The step of each part: the request of the answer that made it, counted from 0. Where that was not recorded, steps are
 * counted by their tool calls. What follows a call was generated when the call's result was known, so it begins a step; but
 * further calls belong to the same one.
 */
export function listPartSteps(parts: readonly MessagePart[]): number[] {
  let step = 0
  let previous: MessagePart['type'] | null = null
  return parts.map((part) => {
    if (part.step !== undefined) step = part.step
    else if (previous === 'tool' && part.type !== 'tool') step += 1
    previous = part.type
    return step
  })
}
