import type { Database } from 'better-sqlite3'
import { toText } from '../state/cell-values.ts'
import { isSingleCharacterToken } from '../../search/analyzer.ts'
import type { Phrase, SearchQuery } from '../../search/search-query.ts'

/** A full-text index of Hermes that can tell which rows of messages may answer a query. */
export interface FtsIndex {
  readonly table: string
  /** Finds every row that answers the query, and others. */
  readonly expression: string
  /** Rows that are not in it because it is being made anew: those with a greater id than the first, up to the second. */
  readonly missingRows: { readonly above: number; readonly upTo: number } | null
}

interface KnownFtsIndex {
  readonly table: string
  /** Key of `state_meta` that tells that rows are missing from it, nobody knows which. */
  readonly staleKeys: readonly string[]
  readonly tokenizerPattern: RegExp
  /** Whether it can look for a phrase at all. */
  readonly canMatch: (phrase: Phrase) => boolean
}

/**
 * The one over words, of every age; and the one over any three characters, for scripts that put no spaces between words.
 * Newer versions of that leave out the sessions of jobs and of sub-agents.
 */
const knownFtsIndexes: readonly KnownFtsIndex[] = [
  {
    table: 'messages_fts',
    staleKeys: ['fts_stale'],
    tokenizerPattern: /^(?:unicode61\b.*)?$/,
    canMatch: ({ terms }) => !terms.some(isSingleCharacterToken),
  },
  {
    table: 'messages_fts_trigram',
    staleKeys: ['fts_stale', 'fts_trigram_stale'],
    tokenizerPattern: /^trigram\b/,
    canMatch: ({ terms, rawText }) => terms.some(isSingleCharacterToken) && [...rawText.trim()].length >= 3,
  },
]

/**
 * The index of a state.db by which a query can be answered; null when there is none that can be trusted. Hermes drops the
 * triggers that keep one up where it cannot serve them, and leaves a mark; and there may be none for the query's script.
 * The third one there can be, `messages_fts_cjk`, needs an extension, and is left alone.
 */
export function selectFtsIndex(db: Database, query: SearchQuery): FtsIndex | null {
  const schema = new Map(
    db
      .prepare<[], { name: string; sql: string | null }>(
        "SELECT name, sql FROM sqlite_master WHERE name GLOB 'messages_fts*' OR name = 'state_meta'",
      )
      .all()
      .map(({ name, sql }) => [name, sql]),
  )
  const ftsState = schema.has('state_meta') ? readFtsState(db) : new Map<string, string>()
  for (const { table, staleKeys, tokenizerPattern, canMatch } of knownFtsIndexes) {
    const hasTriggers = ['insert', 'update', 'delete'].every((event) => schema.has(`${table}_${event}`))
    const isComplete = !staleKeys.some((key) => ftsState.has(key))
    const matchable = query.phrases.filter(canMatch)
    if (
      !hasTriggers ||
      !isComplete ||
      matchable.length === 0 ||
      !tokenizerPattern.test(parseTokenizer(schema.get(table)) ?? 'none')
    )
      continue
    return {
      table,
      expression: `content : (${matchable.map(toFtsPhrase).join(' AND ')})`,
      missingRows: parseMissingRows(ftsState),
    }
  }
  return null
}

/** How FTS5 cuts texts into words; null for what is no table of FTS5. The default is the empty text. */
function parseTokenizer(sql: string | null | undefined): string | null {
  if (!sql || !/\bUSING\s+fts5\b/i.test(sql)) return null
  return /\btokenize\s*=\s*(?:'([^']*)'|"([^"]*)"|(\w+))/i.exec(sql)?.slice(1).find(Boolean) ?? ''
}

function readFtsState(db: Database): Map<string, string> {
  const rows = db
    .prepare<[], { key: unknown; value: unknown }>("SELECT key, value FROM state_meta WHERE key GLOB 'fts_*'")
    .all()
  return new Map(rows.map(({ key, value }) => [toText(key) ?? '', String(value)]))
}

/** While an index is made anew in the background, rows up to the progress and those above the high water are in it. */
function parseMissingRows(ftsState: ReadonlyMap<string, string>): FtsIndex['missingRows'] {
  const upTo = Number.parseInt(ftsState.get('fts_rebuild_high_water') ?? '', 10)
  if (Number.isNaN(upTo)) return null
  const above = Number.parseInt(ftsState.get('fts_rebuild_progress') ?? '', 10)
  return { above: Number.isNaN(above) ? 0 : above, upTo }
}

/** As it was typed: Hermes' indexes fold words in their own way. */
function toFtsPhrase({ rawText, isPrefix }: Phrase): string {
  return `"${rawText.replaceAll(/["\0]/g, ' ')}"${isPrefix ? ' *' : ''}`
}
