import type { ModelMessage } from 'ai'

/** Whether a message is the command `/instructions`. */
export function isInstructionsCommand(text: string): boolean {
  return text.trim() === '/instructions'
}

/** Says which instructions a model was given with its messages. */
export function describeInstructions(messages: readonly ModelMessage[]): string {
  const instructions = messages.flatMap((message) => (message.role === 'system' ? message.content : []))
  return instructions.length === 0
    ? 'I have no instructions.'
    : `These are my instructions, which a model would follow:\n\n${instructions.join('\n\n')}`
}
