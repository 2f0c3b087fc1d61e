import { type Channel, channelForSession, channels } from '../../../model/channel.ts'
import type { SessionRecord } from '../../../model/session.ts'

/**
 * All that a list can be filtered by, as one small number: a list in order of time is kept for each number that there
 * is, and what is asked for is merged from those that pass.
 */
export type ListFlags = number

const channelMask = 7
const archivedFlag = 8
const pinnedFlag = 16
/** Of conversations: from its root to its tip it is the work of a sub-agent, a tool or a schedule. */
const internalFlag = 32
/** Not told by this index alone: see each index for what it means there. */
export const crossOriginFlag = 64
/** Of conversations: it has no message. */
const emptyFlag = 128

/** They are numbers from 0 on. */
export const listFlagsCount = 256

const sessionFlagsMask = channelMask | archivedFlag | pinnedFlag

const internalChannels: ReadonlySet<Channel | undefined> = new Set(['CRON', 'TOOL'])

export interface ListFlagsFilter {
  readonly channels?: readonly string[]
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly internal?: boolean
  readonly crossOrigin?: boolean
  readonly empty?: boolean
}

export function toSessionFlags(
  session: Pick<SessionRecord, 'source' | 'isSubagent' | 'archived' | 'pinned'>,
): ListFlags {
  const channel = channels.indexOf(channelForSession(session))
  return channel | (session.archived ? archivedFlag : 0) | (session.pinned ? pinnedFlag : 0)
}

/** A conversation's, from those of its first session and of its tip: it is filed where its tip is. */
export function toConversationFlags(
  root: ListFlags,
  tip: ListFlags,
  { elsewhere: crossOrigin, empty }: { readonly elsewhere: boolean; readonly empty: boolean },
): ListFlags {
  const internal = isInternal(root) && isInternal(tip)
  return (
    (tip & sessionFlagsMask) |
    (internal ? internalFlag : 0) |
    (crossOrigin ? crossOriginFlag : 0) |
    (empty ? emptyFlag : 0)
  )
}

export function isCrossOrigin(flags: ListFlags): boolean {
  return (flags & crossOriginFlag) !== 0
}

export function isEmpty(flags: ListFlags): boolean {
  return (flags & emptyFlag) !== 0
}

export function matchesFlags(flags: ListFlags, filter: ListFlagsFilter): boolean {
  const matches = (flag: number, wanted: boolean | undefined): boolean =>
    wanted === undefined || wanted === ((flags & flag) !== 0)
  return (
    (filter.channels === undefined || filter.channels.includes(channels[flags & channelMask] ?? '')) &&
    matches(archivedFlag, filter.archived) &&
    matches(pinnedFlag, filter.pinned) &&
    matches(internalFlag, filter.internal) &&
    matches(crossOriginFlag, filter.crossOrigin) &&
    matches(emptyFlag, filter.empty)
  )
}

function isInternal(flags: ListFlags): boolean {
  return internalChannels.has(channels[flags & channelMask])
}
