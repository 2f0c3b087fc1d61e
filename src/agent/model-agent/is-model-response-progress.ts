import type { ResponsePart } from '../providers/responses/sdk-types.ts'

/** Whether a part of a response brings the answer forward. Empty pieces keep a connection alive only. */
export function isModelResponseProgress(part: ResponsePart): boolean {
  switch (part.type) {
    case 'raw':
    case 'stream-start':
    case 'response-metadata':
      return false
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      return part.delta !== ''
    default:
      return true
  }
}
