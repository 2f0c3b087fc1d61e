/** The texts of a chat. */
export const chatStrings = {
  newChatTitle: 'What can I do for you?',
  conversation: 'Conversation',
  you: 'You',
  agent: 'Agent',
} as const
