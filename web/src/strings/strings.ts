import { actionStrings } from './action-strings.ts'
import { chatHeaderStrings } from './chat-header-strings.ts'
import { chatStrings } from './chat-strings.ts'
import { chatSettingsStrings } from './settings-strings.ts'
import { composerStrings } from './composer-strings.ts'
import { conversationStrings } from './conversation-strings.ts'
import { noticeStrings } from './shell/notice-strings.ts'
import { decisionStrings } from './decision-strings.ts'
import { inboxStrings } from './inbox-strings.ts'
import { firstRunStrings } from './shell/first-run-strings.ts'
import { jobStrings } from './views/job-strings.ts'
import { navigationStrings } from './views/navigation-strings.ts'
import { searchStrings } from './search-strings.ts'
import { keyboardStrings } from './shell/keyboard-strings.ts'
import { notificationStrings } from './notification-strings.ts'
import { offlineStrings } from './shell/offline-strings.ts'
import { sidebarStrings } from './sidebar-strings.ts'
import { toolStrings } from './tool-strings.ts'
import { transcriptStrings } from './transcript-strings.ts'
import { settingsViewStrings } from './views/settings-view-strings.ts'
import { usageStrings } from './views/usage-strings.ts'

/** All texts of the app, in English: the one place to translate. A text that depends on values is a function. */
export const strings = {
  appName: 'Segue',
  copied: 'Copied',
  durations: {
    seconds: (count: string) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
  },
  shell: {
    skipToContent: 'Skip the list of chats',
    openSidebar: 'Show the chats',
    closeSidebar: 'Hide the chats',
  },
  theme: {
    system: 'Theme: as the system',
    light: 'Theme: light',
    dark: 'Theme: dark',
  },
  connection: {
    lost: 'The server cannot be reached. Trying again. You can read what you have read before, and write.',
  },
  close: 'Close',
  failedView: {
    title: 'This cannot be shown.',
    hint: 'Something in the app has failed. Your chats and what you have written are kept.',
    reload: 'Load the page again',
  },
  notFound: {
    title: 'This page does not exist.',
    newChat: 'Begin a new chat',
  },
  decisions: decisionStrings,
  inbox: inboxStrings,
  navigation: navigationStrings,
  notifications: notificationStrings,
  sidebar: sidebarStrings,
  jobs: jobStrings,
  search: searchStrings,
  conversation: conversationStrings,
  notices: noticeStrings,
  chat: chatStrings,
  chatHeader: chatHeaderStrings,
  transcript: transcriptStrings,
  composer: composerStrings,
  settings: chatSettingsStrings,
  firstRun: firstRunStrings,
  usage: usageStrings,
  settingsView: settingsViewStrings,
  keyboard: keyboardStrings,
  offline: offlineStrings,
  actions: actionStrings,
  tools: toolStrings,
} as const
