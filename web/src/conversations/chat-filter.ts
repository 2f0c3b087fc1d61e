import type { Channel, ConversationFilter, Origin } from 'segue-client'
import { useSyncExternalStore } from 'react'

/** Which chats of the profile the sidebar lists. */
export interface ChatFilter {
  /** Empty: all but those that other sessions and jobs have started. */
  readonly channels: readonly Channel[]
  /** Null: both. */
  readonly origin: Origin | null
  /** The archived ones, in place of the others. */
  readonly isArchive: boolean
}

const allChats: ChatFilter = { channels: [], origin: null, isArchive: false }

/** The filter of the server, archived chats or not. */
export function toConversationFilter(profile: string, { channels: chosen, origin }: ChatFilter): ConversationFilter {
  return { profile, ...(chosen.length > 0 && { channels: chosen }), ...(origin && { origin }) }
}

/** In the order in which they are offered. */
export const channels = [
  'SEGUE',
  'CLI',
  'WEB',
  'MESSAGING',
  'API',
  'TOOL',
  'CRON',
  'OTHER',
] as const satisfies readonly Channel[]
export const origins = ['SEGUE', 'HERMES'] as const satisfies readonly Origin[]

const key = 'segue.chat-filter'
const listeners = new Set<() => void>()
let current = readStored()

function readStored(): ChatFilter {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (typeof stored !== 'object' || stored === null) return allChats
    const names: unknown[] = 'channels' in stored && Array.isArray(stored.channels) ? stored.channels : []
    return {
      channels: channels.filter((channel) => names.includes(channel)),
      origin: origins.find((origin) => 'origin' in stored && stored.origin === origin) ?? null,
      isArchive: 'isArchive' in stored && stored.isArchive === true,
    }
  } catch {
    return allChats
  }
}

/** The choice is remembered. */
export function chooseChats(changes: Partial<ChatFilter>): void {
  current = { ...current, ...changes }
  try {
    localStorage.setItem(key, JSON.stringify(current))
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener()
}

/** As `useChatFilter`, now. */
export const getChatFilter = (): ChatFilter => current

export function useChatFilter(): ChatFilter {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, getChatFilter)
}
