/** The texts around short notices. */
export const noticeStrings = {
  label: 'Notices',
  dismiss: 'Dismiss',
} as const
