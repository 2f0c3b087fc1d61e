import { classifySessionChannel } from './channel.ts'
import type { Attention } from './conversation/attention.ts'
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
  readonly attention?: readonly string[]
  readonly ids?: readonly string[]
}

/** Flags of a conversation, which all of its sessions have. */
export interface ConversationFlags extends Pick<SessionRecord, 'pinned' | 'archived'> {
  readonly attention: Attention
}

/** Whether the flags of conversations decide what matches. */
export function filtersByFlags({ archived, pinned, attention }: SessionFilter): boolean {
  return archived !== undefined || pinned !== undefined || attention !== undefined
}

/** Whether a session matches the filter, apart from `ids`. */
export function matchesSessionFilter(
  row: SessionRecord & ConversationFlags,
  { channels, ...filter }: SessionFilter,
): boolean {
  return (channels === undefined || channels.includes(classifySessionChannel(row))) && matchesFlags(row, filter)
}

/** Whether the flags of a conversation match the filter. */
export function matchesFlags(flags: ConversationFlags, { archived, pinned, attention }: SessionFilter): boolean {
  return (
    (archived === undefined || flags.archived === archived) &&
    (pinned === undefined || flags.pinned === pinned) &&
    (attention === undefined || attention.includes(flags.attention))
  )
}
