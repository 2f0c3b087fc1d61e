const count = (number: number, one: string, many: string): string =>
  number === 1 ? `1 ${one}` : `${number.toLocaleString('en')} ${many}`

/** The texts of the composer and of what waits above it. */
export const composerStrings = {
  label: 'Message',
  placeholder: 'Write a message',
  placeholderBusy: 'Write what comes next',
  tooLong: (length: number, limit: number) =>
    `${length.toLocaleString('en')} of at most ${limit.toLocaleString('en')} characters`,
  sending: 'Being sent',
  dismiss: 'Dismiss',
  send: 'Send',
  sendAs: { STEER: 'Send into this answer', QUEUE: 'Send after this answer' },
  sendMenu: 'How to send',
  modes: {
    STEER: { name: 'Steer', meaning: 'joins this answer' },
    QUEUE: { name: 'Queue', meaning: 'after this answer' },
    INTERRUPT: { name: 'Interrupt', meaning: 'stops this answer' },
  },
  waitForFiles: 'Wait for the files',
  failedFiles: 'Remove the files that failed',
  stop: 'Stop',
  stopped: {
    nothing: 'Stopped before anything was written.',
    saved: (parts: string) => `Stopped. Saved: ${parts}.`,
    words: (number: number) => count(number, 'word', 'words'),
    reasoning: 'reasoning',
    toolCalls: (number: number) => count(number, 'tool call', 'tool calls'),
    files: (number: number) => count(number, 'file', 'files'),
    alreadyFinished: 'The answer had ended before it could be stopped.',
    withdrawn: (number: number) =>
      number === 1
        ? 'The message that had not joined the answer is back in the composer.'
        : `The ${number} messages that had not joined the answer are back in the composer.`,
  },
  files: {
    list: 'Files',
    add: 'Add files',
    drop: 'Drop the files to add them',
    uploading: 'Being uploaded',
    sent: (percent: number) => `${percent} %`,
    failed: 'The file could not be uploaded. Try again.',
    tooMany: (limit: number) => `A message has at most ${limit} files. Remove one first.`,
    tooLarge: (size: string, limit: string) => `It has ${size}. Choose a file of up to ${limit}.`,
    empty: 'It is empty. Choose another file.',
    noImages: (model: string) => `${model} takes no images. It is told that there is one.`,
    retry: (name: string) => `Upload ${name} again`,
    remove: (name: string) => `Remove ${name}`,
    unnamed: 'file',
  },
  waiting: {
    steering: 'Will join this answer',
    queue: 'After this answer',
    withdraw: 'Take back',
    sendNow: 'Send now',
    edit: 'Edit',
    save: 'Save',
    cancel: 'Cancel',
    editLabel: 'Text of the waiting message',
    move: (text: string) => `Move “${text}”: drag, or arrow keys`,
    moved: (place: number, number: number) => `Now ${place} of ${number}`,
    files: (number: number) => count(number, 'file', 'files'),
  },
} as const
