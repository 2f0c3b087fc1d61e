/** The texts of the list of chats. */
export const sidebarStrings = {
  label: 'Chats',
  newChat: 'New chat',
  untitled: 'Untitled chat',
  loadMore: 'Show more',
  empty: 'No chats yet.',
  answering: 'An answer is being made',
  waiting: 'Waits for you',
  unread: 'Unread',
} as const
