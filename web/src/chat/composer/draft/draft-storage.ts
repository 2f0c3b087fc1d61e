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
  async read(key) {
    try {
      return (await get<StoredDraft>(key, openStore())) ?? null
    } catch {
      return null
    }
  },
  async write(key, draft) {
    if (draft === null) return void (await tryToStore(() => del(key, openStore())))
    if (await tryToStore(() => set(key, draft, openStore()))) return
    // The storage may be full: the words have a place even so.
    await tryToStore(() => set(key, withoutContents(draft), openStore()))
  },
}

async function tryToStore(write: () => Promise<void>): Promise<boolean> {
  try {
    await write()
    return true
  } catch {
    return false
  }
}

/** Files that the server has need no content here. The others cannot be uploaded again after a reload. */
function withoutContents(draft: StoredDraft): StoredDraft {
  const uploaded = draft.files.filter(({ upload }) => upload !== null)
  return { ...draft, files: uploaded.map((file) => Object.assign({}, file, { blob: null })) }
}
