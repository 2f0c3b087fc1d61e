import type { StreamRecord } from '../model/stream.ts'

export interface StreamReader {
  /** By id, in no order. Any number of ids; unknown ones are left out. */
  findStreams(ids: readonly string[]): Promise<StreamRecord[]>
  findStream(id: string): Promise<StreamRecord | null>
  /** The stream of the session that is RUNNING or WAITING. */
  findActiveStream(sessionId: string): Promise<StreamRecord | null>
  /** All that have not ended, by session and start. The cost depends on their number, not on the size of the database. */
  listUnfinishedStreams(): Promise<StreamRecord[]>
}
