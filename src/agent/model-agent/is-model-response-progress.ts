import type { TextStreamPart, ToolSet } from 'ai'

/** Whether a part of a response brings the answer forward. Raw chunks and empty pieces keep a connection alive only. */
export function isModelResponseProgress(part: TextStreamPart<ToolSet>): boolean {
  switch (part.type) {
    case 'raw':
    case 'start':
    case 'start-step':
      return false
    case 'text-delta':
    case 'reasoning-delta':
      return part.text !== ''
    case 'tool-input-delta':
      return part.delta !== ''
    default:
      return true
  }
}
