import { newId } from '../lib/ids.ts'
import type { SessionRecord } from '../model/session.ts'
import { noUsage } from '../model/usage.ts'

type NewSession = Pick<SessionRecord, 'profile' | 'title' | 'titleSource' | 'model'> &
  Partial<SessionRecord> & {
    /** The time of the start, in epoch milliseconds. */
    readonly at: number
  }

/** Returns the record of a new Segue session that starts at `at`. */
export function newSession({ at, instructions = null, effort = null, ...fields }: NewSession): SessionRecord {
  return {
    id: newId('session'),
    origin: 'SEGUE',
    source: 'segue',
    startedAt: at,
    endedAt: null,
    endReason: null,
    lastActivityAt: at,
    pinned: false,
    archived: false,
    parentId: null,
    notContinuationOf: [],
    forkedFrom: null,
    retryOf: null,
    takesPlaceOf: null,
    headSeq: 0,
    usage: noUsage,
    ...fields,
    ...(instructions !== null && { instructions }),
    ...(effort !== null && { effort }),
  }
}
