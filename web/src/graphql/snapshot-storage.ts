import { clear, createStore, del, entries, get, setMany, type UseStore } from 'idb-keyval'
import type { SnapshotStorage } from 'segue-client/react'
import { whenPageShown } from './page-shown.ts'

interface StoredSnapshot {
  readonly snapshot: object
  /** Epoch milliseconds. */
  readonly at: number
}

const writeDelayMs = 2000
/** Chats and lists. The oldest ones are forgotten. */
const maxSnapshots = 150

let store: UseStore | null = null
const openStore = (): UseStore => (store ??= createStore('segue-snapshots', 'snapshots'))

let isClosed = false
const pending = new Map<string, StoredSnapshot>()
let timer: ReturnType<typeof setTimeout> | null = null

async function writePending(): Promise<void> {
  if (timer !== null) clearTimeout(timer)
  timer = null
  const written = [...pending]
  pending.clear()
  if (written.length > 0) await setMany(written, openStore())
}

async function forgetOldest(): Promise<void> {
  const stored = await entries<string, StoredSnapshot>(openStore())
  const oldestFirst = stored.toSorted(([, a], [, b]) => a.at - b.at)
  for (const [key] of oldestFirst.slice(0, -maxSnapshots)) await del(key, openStore())
}

/** Keeps what was read in the browser, so that it can be read without a connection. Where it allows no storage, nothing is kept. */
export const snapshotStorage: SnapshotStorage = {
  read: async <Snapshot extends object>(key: string) => {
    try {
      // Opening a database takes the page as long as showing a list does, and a server that is there answers sooner.
      await whenPageShown
      return (await get<{ readonly snapshot: Snapshot }>(key, openStore()))?.snapshot
    } catch {
      return undefined
    }
  },
  write: (key, snapshot) => {
    if (isClosed) return
    pending.set(key, { snapshot, at: Date.now() })
    timer ??= setTimeout(() => void writePending().catch(() => {}), writeDelayMs)
  },
}

// The page may not come back.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void writePending().catch(() => {})
})
setTimeout(() => void forgetOldest().catch(() => {}), 30_000)

/** Deletes everything that was kept, and keeps nothing more until the page is loaded again. */
export async function closeSnapshots(): Promise<void> {
  isClosed = true
  await clearSnapshots()
}

/** Deletes everything that was kept for reading without a connection. */
export async function clearSnapshots(): Promise<void> {
  pending.clear()
  await clear(openStore())
}
