import { useMemo } from 'react'
import { usePathname } from 'wouter/use-browser-location'

/** The paths of the views, all served as one page. The path of a chat is made by `toChatPath`. */
export const routes = {
  /** A new chat. */
  home: '/',
  /** What waits for a person. */
  inbox: '/inbox',
  jobs: '/jobs',
  usage: '/usage',
  settings: '/settings',
} as const

const chatPrefix = '/chat/'

/** The path of the chat that a session belongs to. Session ids of Hermes may have any characters. */
export const toChatPath = (sessionId: string): string => chatPrefix + encodeURIComponent(sessionId)

/** The place of a message in the chat that a session belongs to. */
export const toMessagePath = (sessionId: string, messageId: string): string =>
  `${toChatPath(sessionId)}#${encodeURIComponent(messageId)}`

/** The chat that a path names: `sessionId` is null for a new chat. Null: the path is that of another view. */
export function findChatRoute(path: string): { readonly sessionId: string | null } | null {
  if (path === routes.home) return { sessionId: null }
  const sessionId = decode(path.startsWith(chatPrefix) ? path.slice(chatPrefix.length) : '')
  return sessionId ? { sessionId } : null
}

/** `findChatRoute` of the path of the page. */
export function useChatRoute(): ReturnType<typeof findChatRoute> {
  const path = usePathname()
  return useMemo(() => findChatRoute(path), [path])
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
