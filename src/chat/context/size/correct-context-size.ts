import type { ContextSize } from '../../../model/context/context-size.ts'

/** What a request would have now beside its history, in tokens, with the scale by which they are counted. */
export interface PresentPartSizes {
  readonly instructions: number
  readonly tools: number
  readonly scale: number
}

/**
 * A size with the instructions and the tools as they are now, where they have changed since it was measured: a person has
 * changed the file of the profile, or a server offers other tools. The history stays as it was measured.
 */
export function correctContextSize(size: ContextSize, present: PresentPartSizes): ContextSize {
  const instructions = findPresentTokens(size, size.instructions, present.instructions, present.scale)
  const tools = findPresentTokens(size, size.tools, present.tools, present.scale)
  if (instructions === size.instructions && tools === size.tools) return size
  return { ...size, instructions, tools, tokens: instructions + tools + size.history, estimated: true }
}

/** The present count, unless it differs only because more was learned of the model's tokens. */
function findPresentTokens(size: ContextSize, counted: number, present: number, scale: number): number {
  const growth = scale / (size.scale ?? scale)
  // Each count is rounded up.
  return Math.abs(present - counted * growth) <= 1 + growth ? counted : present
}
