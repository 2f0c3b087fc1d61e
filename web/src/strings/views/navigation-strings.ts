/** The names of the views that are no chats. */
export const navigationStrings = {
  jobs: 'Jobs',
  usage: 'Usage',
  settings: 'Settings',
} as const
