import { createStore, del, get, set, type UseStore } from 'idb-keyval'
import type { DraftState } from './draft-state.ts'

/** What is kept of a draft when the page is closed. */
export type StoredDraft = Pick<DraftState, 'text' | 'files' | 'settings' | 'outgoing'>

/** Where drafts are kept, by the key of their chat. */
export interface DraftStorage {
  read(key: string): Promise<StoredDraft | null>
  write(key: string, draft: StoredDraft | null): Promise<void>
}

let store: UseStore | null = null

const openStore = (): UseStore => (store ??= createStore('segue-drafts', 'drafts'))

/** Drafts in the browser, with their files. Where it allows no storage, they last until the page is closed. */
export const browserDraftStorage: DraftStorage = {
  read: async (key) => (await get<StoredDraft>(key, openStore()).catch(() => undefined)) ?? null,
  write: (key, draft) => (draft === null ? del(key, openStore()) : set(key, draft, openStore())).catch(() => {}),
}
