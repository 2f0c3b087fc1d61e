/** The words of a draft, written at once: a page may be left before the draft itself is read or stored. */
export interface UnstoredText {
  readonly text: string
  /** False: what is stored was not read when it was typed, and stands before it. */
  readonly isWhole: boolean
}

const prefix = 'segue.draft '

/** What a page has left that was closed before it had stored it. */
export function readUnstoredText(key: string): UnstoredText | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(prefix + key) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('text' in kept) || typeof kept.text !== 'string') return null
    return { text: kept.text, isWhole: 'isWhole' in kept && kept.isWhole === true }
  } catch {
    return null
  }
}

/** Has the words kept when it returns. Null: they are stored. */
export function keepUnstoredText(key: string, unstored: UnstoredText | null): void {
  try {
    // First, so that words for which there is no room leave no earlier ones behind.
    localStorage.removeItem(prefix + key)
    if (unstored) localStorage.setItem(prefix + key, JSON.stringify(unstored))
  } catch {
    // Without room for it, the draft is stored a moment later.
  }
}

const listKeys = (): string[] =>
  Object.keys(localStorage).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []))

export function hasUnstoredText(): boolean {
  return listKeys().some((key) => readUnstoredText(key)?.text.trim())
}

/** Deletes the words of all chats. */
export function clearUnstoredTexts(): void {
  for (const key of listKeys()) keepUnstoredText(key, null)
}
