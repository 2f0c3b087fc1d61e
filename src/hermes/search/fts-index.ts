import type { Database } from 'better-sqlite3'
import { textFromHermesCell } from '../state/cell-values.ts'
import { isSingleCharacterToken } from '../../search/analyzer.ts'
import type { SearchPhrase, SearchQuery } from '../../search/search-query.ts'
import { listHermesPhraseSpellings } from './hermes-phrase-spellings.ts'

/** A full-text index of Hermes that narrows down the rows that can match a query. */
export interface HermesFullTextIndex {
  readonly table: string
  /** Finds every row that matches the query, and possibly others. */
  readonly expression: string
  /** Rows that the index lacks while Hermes rebuilds it: those with ids above `above`, up to and with `upTo`. */
  readonly missingRows: { readonly above: number; readonly upTo: number } | null
}

interface KnownFtsIndex {
  readonly table: string
  /** Keys of `state_meta` that mark the index as incomplete. */
  readonly staleKeys: readonly string[]
  readonly tokenizerPattern: RegExp
  /** Whether the index can find a phrase. */
  readonly canMatch: (phrase: SearchPhrase) => boolean
}

/**
 * An index of words, and an index of trigrams for scripts without spaces between words. Newer versions of Hermes leave the
 * sessions of jobs and sub-agents out of the second one.
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
 * The index to use for a query; null if there is none that is complete and covers the query's script. Where Hermes cannot
 * maintain an index, it drops the index's triggers and sets a key in `state_meta`. A third index, `messages_fts_cjk`, needs an
 * extension of SQLite and is never used.
 */
export function selectHermesFtsIndex(db: Database, query: SearchQuery): HermesFullTextIndex | null {
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
    const matchable = query.phrases.filter(canMatch).flatMap((phrase) => toFtsExpression(phrase) ?? [])
    if (
      !hasTriggers ||
      !isComplete ||
      matchable.length === 0 ||
      !tokenizerPattern.test(parseTokenizer(schema.get(table)) ?? 'none')
    )
      continue
    return {
      table,
      expression: `content : (${matchable.join(' AND ')})`,
      missingRows: parseMissingRows(ftsState),
    }
  }
  return null
}

/** The tokenizer of an FTS5 table, empty for the default one; null for any other table. */
function parseTokenizer(sql: string | null | undefined): string | null {
  if (!sql || !/\bUSING\s+fts5\b/i.test(sql)) return null
  return /\btokenize\s*=\s*(?:'([^']*)'|"([^"]*)"|(\w+))/i.exec(sql)?.slice(1).find(Boolean) ?? ''
}

function readFtsState(db: Database): Map<string, string> {
  const rows = db
    .prepare<[], { key: unknown; value: unknown }>("SELECT key, value FROM state_meta WHERE key GLOB 'fts_*'")
    .all()
  return new Map(rows.map(({ key, value }) => [textFromHermesCell(key) ?? '', String(value)]))
}

/** During a rebuild, the index contains the rows up to the progress and those above the high-water mark. */
function parseMissingRows(ftsState: ReadonlyMap<string, string>): HermesFullTextIndex['missingRows'] {
  const upTo = Number.parseInt(ftsState.get('fts_rebuild_high_water') ?? '', 10)
  if (Number.isNaN(upTo)) return null
  const above = Number.parseInt(ftsState.get('fts_rebuild_progress') ?? '', 10)
  return { above: Number.isNaN(above) ? 0 : above, upTo }
}

/** Uses the text as typed, because Hermes' indexes normalize differently. Null if it has too many spellings. */
function toFtsExpression({ rawText, isPrefix }: SearchPhrase): string | null {
  const spellings = listHermesPhraseSpellings(rawText)
  if (spellings === null) return null
  const phrases = spellings.map((text) => `"${text.replaceAll(/["\0]/g, ' ')}"${isPrefix ? ' *' : ''}`)
  return phrases.length === 1 ? phrases.join('') : `(${phrases.join(' OR ')})`
}
