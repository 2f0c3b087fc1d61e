/** The texts of the search in all chats. */
export const searchStrings = {
  field: 'Search chats',
  clear: 'Clear the search',
  results: 'Found',
  none: 'Nothing was found.',
  count: (count: number, isMore: boolean) =>
    count === 1 && !isMore ? '1 result' : `${count.toLocaleString('en')}${isMore ? ' or more' : ''} results`,
} as const
