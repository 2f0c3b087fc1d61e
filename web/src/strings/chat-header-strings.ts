/** The texts of the header of a chat. */
export const chatHeaderStrings = {
  rename: 'Rename',
  menu: 'Actions of the chat',
  profile: (name: string) => `Profile ${name}`,
} as const
