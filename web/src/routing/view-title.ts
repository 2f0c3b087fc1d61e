import { useEffect, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let viewTitle: string | null = null

function setViewTitle(title: string | null): void {
  viewTitle = title
  for (const listener of listeners) listener()
}

/** Names the view in the title of the page while it is shown. Chats need no call: they are named by their own titles. */
export function useViewTitle(title: string): void {
  useEffect(() => {
    setViewTitle(title)
    return () => setViewTitle(null)
  }, [title])
}

/** The name of the shown view. Null: a chat is shown. */
export function useShownViewTitle(): string | null {
  return useSyncExternalStore(subscribe, () => viewTitle)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
