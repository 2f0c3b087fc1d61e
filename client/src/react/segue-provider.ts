import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import type { SegueClient } from '../segue-client.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

const SegueContext = createContext<SegueClient | null>(null)
const StorageContext = createContext<SnapshotStorage | null>(null)

export interface SegueProviderProps {
  /** Make it once, outside of components. */
  readonly client: SegueClient
  /** Chats and lists show what is stored until the server answers. Without it, nothing is stored. Make it once, as the client. */
  readonly storage?: SnapshotStorage
  readonly children?: ReactNode
}

/** Gives the hooks below it their client. */
export function SegueProvider({ client, storage, children }: SegueProviderProps): ReactElement {
  const storing = createElement(StorageContext.Provider, { value: storage ?? null }, children)
  return createElement(SegueContext.Provider, { value: client }, storing)
}

/** The client of the nearest `SegueProvider`. Throws if there is none. */
export function useSegueClient(): SegueClient {
  const client = useContext(SegueContext)
  if (!client) throw new Error('There is no Segue client. Render the component within <SegueProvider client={…}>.')
  return client
}

/** The storage of the nearest `SegueProvider`. Null: it has none. */
export function useSnapshotStorage(): SnapshotStorage | null {
  return useContext(StorageContext)
}
