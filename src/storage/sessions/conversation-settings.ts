/**
 * What a person has set for a conversation, as each of its sessions carries it. So the settings outlive every session but
 * the last one, and where a conversation falls apart, each piece keeps them. Each field has the version of the change that
 * has set it, which grows with every change in the profile; version 0: nobody has set it.
 */
export interface ConversationSettingsRow {
  readonly session_id: string
  /** Null with a version: the title of the root, whatever the tip is called. */
  readonly title: string | null
  readonly title_version: number
  readonly pinned: number
  readonly pinned_version: number
  readonly archived: number
  readonly archived_version: number
  /** Up to when a person has read the conversation, in epoch milliseconds; null if it was never marked. */
  readonly read_at: number | null
}

/** A change of the settings. Fields that are left out stay as they are. */
export interface ConversationSettingsPatch {
  /** Null brings back the title of the root. */
  readonly title?: string | null
  readonly pinned?: boolean
  readonly archived?: boolean
  /** In epoch milliseconds. A mark never goes back. */
  readonly readAt?: number
}

/** A change of the settings of one conversation. */
export interface ConversationSettingsUpdate {
  /** All of its sessions, of both origins. */
  readonly sessionIds: readonly string[]
  readonly patch: ConversationSettingsPatch
}

/**
 * The settings for session `a` after it has met the sessions that carry `b`: of each field, what was set last, and the newest
 * read mark.
 */
export function mergeConversationSettings(
  a: ConversationSettingsRow,
  b: ConversationSettingsRow,
): ConversationSettingsRow {
  return {
    session_id: a.session_id,
    ...(a.title_version >= b.title_version
      ? { title: a.title, title_version: a.title_version }
      : { title: b.title, title_version: b.title_version }),
    ...(a.pinned_version >= b.pinned_version
      ? { pinned: a.pinned, pinned_version: a.pinned_version }
      : { pinned: b.pinned, pinned_version: b.pinned_version }),
    ...(a.archived_version >= b.archived_version
      ? { archived: a.archived, archived_version: a.archived_version }
      : { archived: b.archived, archived_version: b.archived_version }),
    read_at: mergeReadTimes(a.read_at, b.read_at),
  }
}

function mergeReadTimes(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

/** Whether two sessions carry the same settings. Equal versions are the same change. */
export function areConversationSettingsEqual(a: ConversationSettingsRow, b: ConversationSettingsRow): boolean {
  return (
    a.title_version === b.title_version &&
    a.pinned_version === b.pinned_version &&
    a.archived_version === b.archived_version &&
    a.read_at === b.read_at
  )
}

/** The change that sets what is set in a row, apart from its read mark. */
export function toConversationSettingsPatch(row: ConversationSettingsRow): ConversationSettingsPatch {
  return {
    ...(row.title_version > 0 && { title: row.title }),
    ...(row.pinned_version > 0 && { pinned: row.pinned === 1 }),
    ...(row.archived_version > 0 && { archived: row.archived === 1 }),
  }
}

/** Whether a patch sets anything that has a version. */
export function hasVersionedSettings({ title, pinned, archived }: ConversationSettingsPatch): boolean {
  return title !== undefined || pinned !== undefined || archived !== undefined
}

/** What a patch sets for a session. `version`: of this change; any if it sets nothing that has one. */
export function toConversationSettingsRow(
  session_id: string,
  { title, pinned, archived, readAt }: ConversationSettingsPatch,
  version: number,
): ConversationSettingsRow {
  return {
    session_id,
    title: title ?? null,
    title_version: title === undefined ? 0 : version,
    pinned: pinned ? 1 : 0,
    pinned_version: pinned === undefined ? 0 : version,
    archived: archived ? 1 : 0,
    archived_version: archived === undefined ? 0 : version,
    read_at: readAt ?? null,
  }
}
