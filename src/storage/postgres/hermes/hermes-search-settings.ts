import type { Attention } from '../../../model/conversation/attention.ts'
import { normalizeSearchText } from '../../../search/analyzer.ts'
import { SearchQuery } from '../../../search/search-query.ts'
import {
  getAttention,
  hermesSessionFlag,
  isCrossOriginConversation,
} from '../../conversation-index/conversation-index-flags.ts'
import type { GivenConversationTitle } from '../../sessions/conversation-reader.ts'
import type { ConversationSettingsRow } from '../../sessions/conversation-settings.ts'
import type { PostgresConnection, PostgresStatement } from '../database/postgres-statement.ts'

type Connection = Pick<PostgresConnection, 'query'>

const maxGivenTitles = 5_000 // as many as a search returns hits of Hermes

/** Of Hermes' sessions and conversations: their flags are the greatest. */
const isOfHermes = `flags >= ${hermesSessionFlag}`

const selectGivenTitles: PostgresStatement = {
  name: 'select-given-hermes-titles',
  text: `SELECT conversations.tip_id AS "tipId", settings.title, conversations.flags FROM conversations
    JOIN conversation_settings AS settings ON settings.profile = $1 AND settings.session_id = conversations.root_id
    WHERE conversations.profile = $1 AND conversations.${isOfHermes} AND settings.title IS NOT NULL`,
}

const selectSettings: PostgresStatement = {
  name: 'select-hermes-settings',
  text: `SELECT settings.* FROM conversation_sessions AS sessions
    JOIN conversation_settings AS settings ON settings.profile = $1 AND settings.session_id = sessions.id
    WHERE sessions.profile = $1 AND sessions.${isOfHermes}
      AND (settings.pinned_version > 0 OR settings.archived_version > 0)`,
}

const selectFlags: PostgresStatement = {
  name: 'select-hermes-session-flags',
  text: `SELECT id, flags FROM conversation_sessions WHERE profile = $1 AND ${isOfHermes}`,
}

/** See `HermesIndex`. */
export async function findGivenTitles(db: Connection, queryText: string): Promise<GivenConversationTitle[]> {
  const query = new SearchQuery(queryText)
  const rows = await db.query<GivenConversationTitle & { flags: number }>(selectGivenTitles)
  return rows
    .filter(({ flags, title }) => !isCrossOriginConversation(flags) && query.matches(normalizeSearchText(title)))
    .slice(0, maxGivenTitles)
    .map(({ tipId, title }) => ({ tipId, title }))
}

export function listHermesSettings(db: Connection): Promise<ConversationSettingsRow[]> {
  return db.query<ConversationSettingsRow>(selectSettings)
}

export async function listHermesAttentions(db: Connection): Promise<Map<string, Attention>> {
  const rows = await db.query<{ id: string; flags: number }>(selectFlags)
  return new Map(
    rows.flatMap(({ id, flags }): [string, Attention][] => {
      const attention = getAttention(flags)
      return attention === 'IDLE' ? [] : [[id, attention]]
    }),
  )
}
