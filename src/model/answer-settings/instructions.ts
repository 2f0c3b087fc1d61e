import { SegueError } from '../../lib/errors.ts'

/** How long instructions for a model can be, in UTF-16 code units. */
export const maxInstructionsLength = 65_536

/** The form of instructions that is stored and sent. Null if they are blank. */
export function normalizeInstructions(text: string): string | null {
  return text.trim() === '' ? null : text.toWellFormed()
}

/** The same for what a client sends. Throws TOO_LARGE. */
export function parseInstructions(text: string): string | null {
  if (text.length <= maxInstructionsLength) return normalizeInstructions(text)
  const message = `The instructions have ${text.length} characters. Use at most ${maxInstructionsLength}.`
  throw new SegueError('TOO_LARGE', message)
}
