/** The texts of notifications, and of what screen readers are told. */
export const notificationStrings = {
  label: 'What has happened',
  turnOn: 'Notify me',
  on: 'Notifications are on',
  meaning: 'Tells you when something asks or ends while this page is hidden',
  blocked: 'Notifications are blocked for this page. Allow them in the settings of the browser.',
  finished: (start: string) => (start === '' ? 'The answer is finished.' : start),
  failed: (reason: string) => `The answer failed. ${reason}`,
  announce: (title: string, text: string) => `${title}: ${text}`,
} as const
