/** The texts of a chat. */
export const chatStrings = {
  newChatTitle: 'What can I do for you?',
  conversation: 'Conversation',
  composer: 'Message',
  placeholder: 'Write a message',
  send: 'Send',
  stop: 'Stop',
  you: 'You',
  agent: 'Agent',
} as const
