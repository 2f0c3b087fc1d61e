/** The texts of the inbox. */
export const inboxStrings = {
  title: 'Inbox',
  waiting: 'Waits for you',
  empty: 'Nothing waits for you.',
  emptyHint: 'Tools that ask before they run, and questions, appear here from all chats.',
  gone: 'It was answered elsewhere, or is not needed any more.',
  unread: 'Unread',
  failed: 'Failed',
  more: 'Show more',
  markRead: (title: string) => `Mark “${title}” as read`,
  link: 'Inbox',
  count: (count: number) => (count === 1 ? '1 waits for you' : `${count} wait for you`),
} as const
