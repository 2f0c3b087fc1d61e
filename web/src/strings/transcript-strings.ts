/** The texts of the messages of a chat. */
export const transcriptStrings = {
  loadingEarlier: 'Loading earlier messages …',
  goToNewest: 'Go to the newest message',
  table: 'Table',
  taskDone: 'Done',
  taskOpen: 'To do',
  code: 'Code',
  copyCode: 'Copy code',
  imageOf: (host: string) => `Image of ${host}, not loaded. Open it in a new tab.`,
} as const
