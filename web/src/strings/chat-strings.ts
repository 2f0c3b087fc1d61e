/** The texts of a chat. */
export const chatStrings = {
  newChatTitle: 'What can I do for you?',
  missingTitle: 'This chat does not exist.',
  missingHint: 'It may have been deleted, or be on another server.',
  conversation: 'Conversation',
  you: 'You',
  agent: 'Agent',
} as const
