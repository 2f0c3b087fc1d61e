import { classifySessionChannel } from './channel.ts'
import type { SessionRecord } from './session.ts'

/** The sort key of a session in lists: newest activity first, then the greater id, compared as UTF-8. */
export interface SessionSortKey {
  readonly lastActivityAt: number
  readonly id: string
}

/** Conditions on a session; those that are left out match every session. */
export interface SessionFilter {
  readonly channels?: readonly string[]
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly ids?: readonly string[]
}

/** Whether a session matches the filter, apart from `ids`. */
export function matchesSessionFilter(row: SessionRecord, { channels, archived, pinned }: SessionFilter): boolean {
  return (
    (channels === undefined || channels.includes(classifySessionChannel(row))) &&
    (archived === undefined || row.archived === archived) &&
    (pinned === undefined || row.pinned === pinned)
  )
}
