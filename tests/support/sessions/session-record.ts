import { noUsage } from '../../../src/model/usage.ts'
import type { SessionRecord } from '../../../src/model/session.ts'

/** A Hermes session from the command line that has not ended, with some fields replaced. */
export function newSessionRecord(overrides: Partial<SessionRecord> & { readonly id: string }): SessionRecord {
  return {
    origin: 'HERMES',
    profile: 'default',
    title: null,
    titleSource: null,
    source: 'cli',
    model: null,
    startedAt: 0,
    endedAt: null,
    endReason: null,
    lastActivityAt: 0,
    pinned: false,
    archived: false,
    parentId: null,
    notContinuationOf: [],
    forkedFrom: null,
    retryOf: null,
    takesPlaceOf: null,
    headSeq: 0,
    usage: noUsage,
    ...overrides,
  }
}
