import { useSyncExternalStore } from 'react'
import type { ConnectionSnapshot } from '../connection-monitor.ts'
import { useSegueClient } from './segue-provider.ts'

/** Whether the server can be reached: for a note on the page while the connection is lost. */
export function useConnection(): ConnectionSnapshot {
  const { connection } = useSegueClient()
  return useSyncExternalStore(connection.subscribe, connection.getSnapshot, connection.getSnapshot)
}
