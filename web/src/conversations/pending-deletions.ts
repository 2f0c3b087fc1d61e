import { noticeMs } from '../notices/notice-store.ts'

/** Sends a deletion. `isLeaving`: the page is being left, and the request must outlive it. Resolves to whether it was deleted. */
export type SendDeletion = (isLeaving: boolean) => Promise<boolean>

interface PendingDeletion {
  readonly timer: ReturnType<typeof setTimeout>
  readonly send: SendDeletion
}

const pending = new Map<string, PendingDeletion>()
const listeners = new Set<() => void>()
/** Those that wait to be sent, and those that were: a list may learn of the end later than this page. */
let deleted: ReadonlySet<string> = new Set()

/**
 * Deletes a conversation in a few seconds, until which it can be undone, or at once when the page is left. It counts as
 * deleted from now on.
 */
export function deleteSoon(id: string, send: SendDeletion): void {
  if (pending.has(id)) return
  pending.set(id, { send, timer: setTimeout(() => void sendNow(id, false), noticeMs) })
  set(new Set([...deleted, id]))
}

/** Takes a deletion back that was not sent yet. */
export function undoDeletion(id: string): void {
  const deletion = pending.get(id)
  if (!deletion) return
  clearTimeout(deletion.timer)
  pending.delete(id)
  restore(id)
}

/** The ids of the conversations that this page has deleted: for `useSyncExternalStore`. */
export const deletedConversations = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  getSnapshot: (): ReadonlySet<string> => deleted,
}

async function sendNow(id: string, isLeaving: boolean): Promise<void> {
  const deletion = pending.get(id)
  if (!deletion) return
  clearTimeout(deletion.timer)
  pending.delete(id)
  if (!(await deletion.send(isLeaving))) restore(id)
}

function restore(id: string): void {
  const others = new Set(deleted)
  others.delete(id)
  set(others)
}

function set(next: ReadonlySet<string>): void {
  deleted = next
  for (const listener of listeners) listener()
}

window.addEventListener('pagehide', () => {
  for (const id of pending.keys()) void sendNow(id, true)
})
