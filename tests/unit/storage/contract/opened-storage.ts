import { afterEach, beforeEach } from 'vitest'
import type { ExportReader } from '../../../../src/storage/transfer/export-reader.ts'
import type { ImportStore } from '../../../../src/storage/transfer/import-store.ts'
import type { SegueStorage } from '../../../../src/storage/profile-storage.ts'

/** An empty storage of the profile `work`, and what the contract needs to look at it from outside. */
export interface OpenedStorage {
  readonly storage: SegueStorage
  /** Closes the storage and opens what it has stored again. */
  reopen(): Promise<SegueStorage>
  /** Opens the same storage for an import, or a snapshot of it for an export. */
  openImportStore(): Promise<ImportStore>
  openExportReader(): Promise<ExportReader | null>
}

export type OpenStorage = () => Promise<OpenedStorage>

/** Opens a storage for each test; `current()` is the one of the running test. */
export function useStorage(open: OpenStorage): { current(): SegueStorage; opened(): OpenedStorage } {
  let opened: OpenedStorage | null = null
  let storage: SegueStorage | null = null
  beforeEach(async () => {
    opened = await open()
    storage = opened.storage
  })
  afterEach(() => storage?.close())
  const requireOpened = (): OpenedStorage => {
    if (!opened) throw new Error('The storage is opened in beforeEach.')
    return opened
  }
  return {
    current: () => storage ?? requireOpened().storage,
    opened: () => ({
      ...requireOpened(),
      reopen: async () => (storage = await requireOpened().reopen()),
    }),
  }
}
