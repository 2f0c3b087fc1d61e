/** The texts of what is kept in the browser. */
export const offlineStrings = {
  title: 'This browser',
  hint: 'What you have read is kept in this browser, so that you can read it without a connection. The server keeps its own.',
  clear: 'Clear data of this browser',
  storageFull:
    'The storage of this browser is full. What you write lasts until this page is closed: send it first, or make room in the browser.',
  cleared: 'What you have read is not in this browser any more.',
} as const
