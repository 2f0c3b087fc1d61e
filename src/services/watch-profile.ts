import { statSync } from 'node:fs'
import type { ChatService } from '../chat/chat-service.ts'
import type { Telemetry } from '../lib/telemetry/telemetry.ts'
import type { StreamStatus } from '../model/stream.ts'
import { toDatabasePath, toHermesConversationIndexPath } from '../profiles/profile-paths.ts'

const activeStates: readonly StreamStatus[] = ['QUEUED', 'RUNNING', 'WAITING']

/** Has the gauges of a profile read whenever the metrics are read, until the returned function is called. */
export function watchProfile(telemetry: Telemetry, chats: ChatService, folder: string): () => void {
  const countStreams = (state: StreamStatus): number =>
    chats.listActiveStreams().filter(({ status }) => status === state).length
  const files = {
    'segue.db': toDatabasePath(folder),
    'segue.db-wal': `${toDatabasePath(folder)}-wal`,
    'hermes-index.db': toHermesConversationIndexPath(folder),
  }
  const watches = [
    ...activeStates.map((state) => telemetry.watch('streams', state, () => countStreams(state))),
    telemetry.watch('queueLength', 'streams', () => countStreams('QUEUED')),
    telemetry.watch('readers', '', () => chats.eventLog.listReaderLags().length),
    telemetry.watch('readerLagEvents', '', () => findMaximum(chats.eventLog.listReaderLags())),
    ...Object.entries(files).map(([name, path]) => telemetry.watch('databaseBytes', name, () => readSize(path))),
  ]
  return () => {
    for (const stop of watches) stop()
  }
}

/** Without spreading the numbers as arguments, of which there may be too many. */
function findMaximum(values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), 0)
}

/** 0 if the file does not exist, or cannot be looked at. */
function readSize(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}
