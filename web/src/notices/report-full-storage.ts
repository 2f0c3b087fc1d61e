import { strings } from '../strings/strings.ts'
import { showNotice } from './notice-store.ts'

let dismiss: (() => void) | null = null

/** Says once that what is typed cannot be kept: it lasts until the page is closed. */
export function reportFullStorage(): void {
  dismiss ??= showNotice({ text: strings.offline.storageFull, isError: true })
}

/** There is room again. */
export function withdrawFullStorage(): void {
  dismiss?.()
  dismiss = null
}

/** Whether a browser could not store something because the page has used all that it may. */
export function isFullStorage(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
}
