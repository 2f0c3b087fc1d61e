/** A short text over the page: what was done, with the way back, or why it could not be done. */
export interface Notice {
  readonly id: number
  readonly text: string
  readonly isError: boolean
  readonly action: NoticeAction | null
}

export interface NoticeAction {
  readonly label: string
  readonly run: () => void
}

export interface NewNotice {
  readonly text: string
  /** An error stays until it is dismissed. */
  readonly isError?: boolean
  readonly action?: NoticeAction
}

/** How long what is no error is shown, and how long it can be undone. */
export const noticeMs = 8000
const maxNotices = 4

const listeners = new Set<() => void>()
let notices: readonly Notice[] = []
let lastId = 0

/** Shows a notice. Returns a function that takes it away. */
export function showNotice({ text, isError = false, action }: NewNotice): () => void {
  const notice: Notice = { id: ++lastId, text, isError, action: action ?? null }
  set([...notices, notice].slice(-maxNotices))
  const dismiss = (): void => dismissNotice(notice.id)
  if (!isError) setTimeout(dismiss, noticeMs)
  return dismiss
}

export function dismissNotice(id: number): void {
  if (notices.some((notice) => notice.id === id)) set(notices.filter((notice) => notice.id !== id))
}

/** The notices that are shown, oldest first: for `useSyncExternalStore`. */
export const noticeStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  getSnapshot: (): readonly Notice[] => notices,
}

function set(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}
