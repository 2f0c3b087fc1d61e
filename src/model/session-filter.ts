import { channelForSession } from './channel.ts'
import type { SessionRecord } from './session.ts'

/** Where a session stands in the list: newest activity first, then the greater id (compared as UTF-8). */
export interface SessionKey {
  readonly lastActivityAt: number
  readonly id: string
}

export interface SessionFilter {
  readonly channels?: readonly string[]
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly ids?: readonly string[]
}

/** Whether a session is one of those that are asked for, its id aside. */
export function matchesFilter(row: SessionRecord, { channels, archived, pinned }: SessionFilter): boolean {
  return (
    (channels === undefined || channels.includes(channelForSession(row))) &&
    (archived === undefined || row.archived === archived) &&
    (pinned === undefined || row.pinned === pinned)
  )
}
