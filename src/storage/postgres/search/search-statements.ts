import { type SearchRank, searchRanks } from '../../../search/search-query.ts'
import type { PostgresStatement } from '../database/postgres-statement.ts'

/** An entry that matches. */
export interface FoundSearchEntry {
  readonly number: number
  readonly at: number
  readonly sessionId: string
  readonly messageId: string | null
  readonly isGiven: number
}

/** For the transaction: how a search is planned depends on how often its terms occur, and no statement takes longer than $2 ms. */
export const planEachSearch: PostgresStatement = {
  name: 'plan-each-search',
  text: `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('statement_timeout', $2, true)
    WHERE $1::text IS NOT NULL`,
}

export const selectEntryBounds: PostgresStatement = {
  name: 'select-search-entry-bounds',
  text: `SELECT (SELECT number FROM search_entries WHERE profile = $1 AND kind = $2 ORDER BY number LIMIT 1) AS "from",
    (SELECT number FROM search_entries WHERE profile = $1 AND kind = $2 ORDER BY number DESC LIMIT 1) AS "to"`,
}

/** The first entry from a number on, whose time is known for all positions before it. */
export const selectFirstEntry: PostgresStatement = {
  name: 'select-first-search-entry',
  text: 'SELECT at FROM search_entries WHERE profile = $1 AND kind = $2 AND number >= $3 ORDER BY number LIMIT 1',
}

/**
 * $2 tsquery; $3 all phrases, $4 the whole query as one phrase, $5 the same with a prefix: each as `SearchQuery` looks for it
 * in a text between spaces. $6 and $7 the first and the last number, $8 and $9 the bounds of the time, $10 the limit.
 * Filters, null for any: $11 ids of sessions, $12 flags for their channels, $13 flags for the rest, where $14 lists sessions
 * that match whatever their flags are, and $15 those whose flags do not count.
 */
export function toSearchStatement(rank: SearchRank, backwards: boolean): PostgresStatement {
  const kind = rank === 'TITLE' ? 'title' : 'message'
  const order = backwards ? 'ASC' : 'DESC'
  return {
    name: `search-${rank.toLowerCase().replaceAll('_', '-')}${backwards ? '-backwards' : ''}`,
    text: `SELECT entry.number, entry.at, entry.session_id AS "sessionId", entry.message_id AS "messageId",
        entry.is_given AS "isGiven"
      FROM search_entries AS entry
      JOIN conversation_sessions AS session ON session.profile = $1 AND session.id = entry.session_id
      WHERE entry.profile = $1 AND entry.kind = '${kind}' AND entry.lexemes @@ $2::tsquery
        AND entry.number BETWEEN $6 AND $7 AND entry.at BETWEEN $8 AND $9
        AND $3::text[] IS NOT NULL AND $4::text IS NOT NULL AND $5::text IS NOT NULL
        AND ${toRankCondition(rank, 'entry')} AND ${rank === 'TITLE' ? bestTitle : toBestPassage(rank)}
        AND ($11::text[] IS NULL OR entry.session_id = ANY($11))
        AND ($12::bigint[] IS NULL OR session.flags = ANY($12))
        AND ($13::bigint[] IS NULL OR entry.session_id = ANY($14::text[]) OR
          (entry.session_id <> ALL($15::text[]) AND session.flags = ANY($13)))
      ORDER BY entry.number ${order} LIMIT $10`,
  }
}

/** SQL: whether a text has a rank, as `SearchQuery.rankText` says. */
function toRankCondition(rank: SearchRank, table: string): string {
  const contains = (phrase: string): string => `strpos(' ' || ${table}.text || ' ', ${phrase}) > 0`
  const containsAll = `NOT EXISTS (
    SELECT 1 FROM unnest($3::text[]) AS phrase (text) WHERE NOT ${contains('phrase.text')})`
  const conditions: Record<SearchRank, string> = {
    TITLE: containsAll,
    PHRASE: contains('$4::text'),
    PHRASE_PREFIX: `(${contains('$5::text')} AND NOT ${contains('$4::text')})`,
    ALL_TERMS: `(${containsAll} AND NOT ${contains('$5::text')})`,
  }
  return conditions[rank]
}

/** SQL: whether no passage of the message has a better rank, and no later one the same. */
function toBestPassage(rank: SearchRank): string {
  const better = searchRanks.slice(searchRanks.indexOf('PHRASE'), searchRanks.indexOf(rank))
  const isBetter = [
    ...better.map((each) => toRankCondition(each, 'other')),
    `(other.number > entry.number AND ${toRankCondition(rank, 'other')})`,
  ].join(' OR ')
  return `(entry.is_passage = 0 OR NOT EXISTS (
    SELECT 1 FROM search_entries AS other
    WHERE other.profile = $1 AND other.message_id = entry.message_id AND (${isBetter})))`
}

/** All sessions of a conversation carry its given title, which finds only the tip, and there instead of the tip's own. */
const isTip = `EXISTS (
  SELECT 1 FROM conversations WHERE conversations.profile = $1 AND conversations.root_id = session.root_id
    AND conversations.tip_id = entry.session_id)`

const bestTitle = `CASE WHEN entry.is_given = 1 THEN ${isTip} ELSE NOT (${isTip} AND EXISTS (
  SELECT 1 FROM search_entries AS given WHERE given.profile = $1 AND given.session_id = entry.session_id
    AND given.kind = 'title' AND given.is_given = 1 AND ${toRankCondition('TITLE', 'given')})) END`
