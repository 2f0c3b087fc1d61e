const time: Intl.DateTimeFormatOptions = { timeStyle: 'medium', hour12: false }
const dateTime: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short', hour12: false }

/** A time that is `ms` milliseconds away. */
const formatTime = (at: number, ms: number): string =>
  new Intl.DateTimeFormat('en', ms < 43_200_000 ? time : dateTime).format(at)

const formatWait = (ms: number): string =>
  ms < 60_000 ? `in ${Math.ceil(ms / 1000)} s` : ms < 3_600_000 ? `in ${Math.ceil(ms / 60_000)} min` : ''

/** The texts of what can be done with a message. */
export const actionStrings = {
  label: 'Actions of the message',
  edit: 'Edit',
  editLabel: 'Text of the message',
  sendEdit: 'Send',
  closeEdit: 'Close',
  resetEdit: 'As it was',
  retry: 'Answer again',
  fork: 'Continue from here in a new chat',
  tries: 'Tries',
  previousTry: 'Previous try',
  nextTry: 'Next try',
  tryOf: (place: number, number: number) => `${place} of ${number}`,
  retryFailed: 'Try again',
  retryAt: (at: number, ms: number) =>
    `It can be tried again at ${formatTime(at, ms)} ${formatWait(ms)}`.trimEnd() + '.',
  providerWaits: (at: number, ms: number) =>
    `The provider asked to wait. It is asked again at ${formatTime(at, ms)} ${formatWait(ms)}`.trimEnd() + '.',
} as const
