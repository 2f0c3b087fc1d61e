import { useSyncExternalStore } from 'react'

let editedId: string | null = null
const listeners = new Set<() => void>()

/** Opens a message in its editor, and closes the one that is open. Null: none. */
export function editMessage(messageId: string | null): void {
  editedId = messageId
  for (const listener of listeners) listener()
}

/** Whether a message is shown in its editor: see `MessageEditor`. */
export function useIsEdited(messageId: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => editedId === messageId,
  )
}
