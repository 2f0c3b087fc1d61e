/** The texts of the inbox and of notifications. */
export const inboxStrings = {
  title: 'Inbox',
  waiting: 'Waits for you',
  empty: 'Nothing waits for you.',
  emptyHint: 'Tools that ask before they run, and questions, appear here from all chats.',
  link: 'Inbox',
  count: (count: number) => (count === 1 ? '1 waits for you' : `${count} wait for you`),
} as const
