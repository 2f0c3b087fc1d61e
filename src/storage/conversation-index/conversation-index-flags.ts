import { type Channel, classifySessionChannel, channels } from '../../model/channel.ts'
import { type Attention, attentions, rankAttention } from '../../model/conversation/attention.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'

/**
 * Everything that a list can be filtered by, as one small number. The index keeps one ordered list per number; a page is
 * merged from the lists that pass the filter. The numbers are stored, so a flag never changes its bit.
 */
export type ConversationIndexFlags = number

/** Three bits hold the position in `channels`. A ninth channel does not compile here: it needs another bit. */
const channelCount: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 = channels.length
const channelMask = 7
/** The channel is a number below `archivedFlag`: one more channel needs another bit. */
if (channels.length > channelMask + 1) throw new Error(`${channels.length} channels do not fit into the list flags.`)

const archivedFlag = 8
const pinnedFlag = 16
/** Of conversations: root and tip are the work of a sub-agent, a tool or a schedule. */
const internalFlag = 32
/** Of conversations: they are, or may be, stored by both sources. Each index has a rule of its own. */
const crossOriginFlag = 64
/** Of conversations: there is no message. */
const emptyFlag = 128
/** Three bits hold the position in `attentions`. */
const attentionUnit = 256
const attentionMask = 7 * attentionUnit
/** Of sessions in Hermes' index: Segue stores it. Segue's own index contains no other sessions and does not set it. */
export const segueSessionFlag = 2048
/**
 * In an index of both origins, which has no `segueSessionFlag`. Of sessions: they are Hermes'. Of conversations: their roots
 * are.
 */
export const hermesSessionFlag = 4096

/** What sessions have of their conversation: what a person has set for it, and what it wants of a person. */
export const conversationFlagsMask = archivedFlag | pinnedFlag | attentionMask
const sessionFlagsMask = channelMask | conversationFlagsMask

const internalChannels: ReadonlySet<Channel | undefined> = new Set(['CRON', 'TOOL'])

export interface ConversationIndexFlagsFilter {
  readonly channels?: readonly string[]
  readonly archived?: boolean
  readonly pinned?: boolean
  readonly attention?: readonly string[]
  readonly internal?: boolean
  readonly crossOrigin?: boolean
  readonly empty?: boolean
  readonly segueSession?: boolean
  readonly hermesSession?: boolean
}

/** The flags that a session has by itself. Those of `conversationFlagsMask` come from its conversation. */
export function toSessionFlags(session: Pick<SessionRecord, 'source' | 'isSubagent'>): ConversationIndexFlags {
  return channels.indexOf(classifySessionChannel(session))
}

export function toSettingFlags({
  archived,
  pinned,
}: Pick<SessionRecord, 'archived' | 'pinned'>): ConversationIndexFlags {
  return (archived ? archivedFlag : 0) | (pinned ? pinnedFlag : 0)
}

/** The setting flags of a conversation: what a person has set, and `defaults` for what nobody has. */
export function resolveSettingFlags(
  settings: ConversationSettingsRow | null,
  defaults: ConversationIndexFlags,
): ConversationIndexFlags {
  const archived = settings && settings.archived_version > 0 ? settings.archived === 1 : isArchived(defaults)
  const pinned = settings && settings.pinned_version > 0 ? settings.pinned === 1 : isPinned(defaults)
  return toSettingFlags({ archived, pinned })
}

/** The flags of a conversation, from those of its root and its tip. It is listed where its tip is. */
export function toConversationFlags(
  root: ConversationIndexFlags,
  tip: ConversationIndexFlags,
  {
    settingFlags,
    attention,
    crossOrigin,
    empty,
  }: {
    readonly settingFlags: ConversationIndexFlags
    readonly attention: Attention
    readonly crossOrigin: boolean
    readonly empty: boolean
  },
): ConversationIndexFlags {
  const internal = isInternal(root) && isInternal(tip)
  return (
    (tip & channelMask) |
    (root & hermesSessionFlag) |
    settingFlags |
    toAttentionFlags(attention) |
    (internal ? internalFlag : 0) |
    (crossOrigin ? crossOriginFlag : 0) |
    (empty ? emptyFlag : 0)
  )
}

export function toAttentionFlags(attention: Attention): ConversationIndexFlags {
  return rankAttention(attention) * attentionUnit
}

export function getAttention(flags: ConversationIndexFlags): Attention {
  return attentions[(flags & attentionMask) / attentionUnit] ?? 'IDLE'
}

export function getChannel(flags: ConversationIndexFlags): Channel {
  return channels[flags & channelMask] ?? 'OTHER'
}

export function isArchived(flags: ConversationIndexFlags): boolean {
  return (flags & archivedFlag) !== 0
}

export function isPinned(flags: ConversationIndexFlags): boolean {
  return (flags & pinnedFlag) !== 0
}

export function isSegueSession(flags: ConversationIndexFlags): boolean {
  return (flags & segueSessionFlag) !== 0
}

/** Whether a session, or the root of a conversation, is Hermes', in an index of both origins. */
export function isHermesSession(flags: ConversationIndexFlags): boolean {
  return (flags & hermesSessionFlag) !== 0
}

export function isCrossOriginConversation(flags: ConversationIndexFlags): boolean {
  return (flags & crossOriginFlag) !== 0
}

export function isEmptyConversation(flags: ConversationIndexFlags): boolean {
  return (flags & emptyFlag) !== 0
}

export function matchesConversationIndexFilter(
  flags: ConversationIndexFlags,
  filter: ConversationIndexFlagsFilter,
): boolean {
  const matches = (flag: number, expected: boolean | undefined): boolean =>
    expected === undefined || expected === ((flags & flag) !== 0)
  return (
    (filter.channels === undefined || filter.channels.includes(getChannel(flags))) &&
    (filter.attention === undefined || filter.attention.includes(getAttention(flags))) &&
    matches(archivedFlag, filter.archived) &&
    matches(pinnedFlag, filter.pinned) &&
    matches(internalFlag, filter.internal) &&
    matches(crossOriginFlag, filter.crossOrigin) &&
    matches(emptyFlag, filter.empty) &&
    matches(segueSessionFlag, filter.segueSession) &&
    matches(hermesSessionFlag, filter.hermesSession)
  )
}

/** All values of `toSessionFlags` that pass a filter. */
export function listMatchingSessionFlags(filter: ConversationIndexFlagsFilter): ConversationIndexFlags[] {
  return Array.from({ length: sessionFlagsMask + 1 }, (_, flags) => flags).filter(
    (flags) => isSessionFlags(flags) && matchesConversationIndexFilter(flags, filter),
  )
}

function isSessionFlags(flags: ConversationIndexFlags): boolean {
  const isComplete = (flags & ~sessionFlagsMask) === 0 && (flags & channelMask) < channelCount
  return isComplete && (flags & attentionMask) / attentionUnit < attentions.length
}

function isInternal(flags: ConversationIndexFlags): boolean {
  return internalChannels.has(channels[flags & channelMask])
}
