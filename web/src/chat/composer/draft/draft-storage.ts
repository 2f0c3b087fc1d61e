import { clear, createStore, del, get, keys, set, type UseStore, values } from 'idb-keyval'
import { clearSnapshots } from '../../../graphql/snapshot-storage.ts'
import { isFullStorage, reportFullStorage, withdrawFullStorage } from '../../../notices/report-full-storage.ts'
import type { DraftState } from './draft-state.ts'
import {
  clearUnstoredTexts,
  hasUnstoredText,
  keepUnstoredText,
  readUnstoredText,
  type UnstoredText,
} from './unstored-text.ts'

/** What is kept of a draft when the page is closed. */
export type StoredDraft = Pick<DraftState, 'text' | 'files' | 'settings' | 'outgoing'>

/** Where drafts are kept, by the key of their chat. */
export interface DraftStorage {
  read(key: string): Promise<StoredDraft | null>
  /** Resolves to whether it is stored: not if there is no room, or no storage. */
  write(key: string, draft: StoredDraft | null): Promise<boolean>
  /** What a page has left of a draft that was closed before it was stored. */
  readUnstored(key: string): UnstoredText | null
  /** Has the words kept when it returns, until null says that they are stored. */
  keepUnstored(key: string, text: UnstoredText | null): void
  /** Calls when another window has written a draft. */
  follow(key: string, onChange: () => void): void
}

let store: UseStore | null = null

const openStore = (): UseStore => (store ??= createStore('segue-drafts', 'drafts'))

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('segue.drafts') : null
const followers = new Map<string, () => void>()
channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (typeof data === 'string') followers.get(data)?.()
})

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
    try {
      if (draft === null) await del(key, openStore())
      else await putDraft(key, draft)
      withdrawFullStorage()
      channel?.postMessage(key)
      return true
    } catch (error) {
      if (isFullStorage(error)) reportFullStorage()
      return false
    }
  },
  readUnstored: readUnstoredText,
  keepUnstored: keepUnstoredText,
  follow: (key, onChange) => void followers.set(key, onChange),
}

/** Whether something that somebody wrote in a chat is kept and was not sent. */
export async function hasStoredDrafts(): Promise<boolean> {
  if (hasUnstoredText()) return true
  const drafts = await values<StoredDraft>(openStore())
  return drafts.some(
    ({ text, files, outgoing, settings }) =>
      text.trim() !== '' || files.length > 0 || outgoing.length > 0 || settings.instructions !== undefined,
  )
}

/** Deletes the drafts of all chats, in all windows. */
export async function clearStoredDrafts(): Promise<void> {
  clearUnstoredTexts()
  const stored = await keys<string>(openStore())
  await clear(openStore())
  for (const key of stored) channel?.postMessage(key)
}

/** Stores a draft. Where there is no room for all of it, what can be read again gives way, then the contents of its files. */
async function putDraft(key: string, draft: StoredDraft): Promise<void> {
  const put = (stored: StoredDraft) => set(key, stored, openStore())
  await put(draft)
    .catch(async () => {
      await clearSnapshots()
      await put(draft)
    })
    .catch(() => put(withoutContents(draft)))
}

/** Files that the server has need no content here. The others cannot be uploaded again after a reload. */
function withoutContents(draft: StoredDraft): StoredDraft {
  const uploaded = draft.files.filter(({ upload }) => upload !== null)
  return { ...draft, files: uploaded.map((file) => Object.assign({}, file, { blob: null })) }
}
