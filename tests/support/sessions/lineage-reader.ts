import type { LineageReader } from '../../../src/model/conversation/lineage.ts'
import type { SessionRecord } from '../../../src/model/session.ts'

/** A reader of sessions among which there are no retries. */
export function withoutRetries(findSession: LineageReader['findSession']): LineageReader {
  return { findSession, findOldestRetry: async () => null }
}

/** A reader of these sessions. */
export function newLineageReader(rows: readonly SessionRecord[]): LineageReader {
  return {
    findSession: async (id) => rows.find((row) => row.id === id) ?? null,
    findOldestRetry: async (placeId) =>
      rows
        .filter(({ takesPlaceOf }) => takesPlaceOf === placeId)
        .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))[0] ?? null,
  }
}
