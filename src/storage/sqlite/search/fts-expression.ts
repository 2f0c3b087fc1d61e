import type { SearchPhrase, SearchQuery, SearchRank } from '../../../search/search-query.ts'

/**
 * The FTS5 expression that finds the normalized texts of exactly this rank, without those of a better rank. Null if no
 * text can have the rank.
 */
export function toFtsExpression(query: SearchQuery, rank: SearchRank): string | null {
  if (query.isEmpty) return null
  const phrase = quotePhrase({ ...query.fullPhrase, isPrefix: false })
  const phrasePrefix = quotePhrase(query.fullPhrase)
  const allTerms = query.phrases.map(quotePhrase).join(' AND ')
  switch (rank) {
    case 'TITLE':
      return allTerms
    case 'PHRASE':
      return phrase
    case 'PHRASE_PREFIX':
      return query.fullPhrase.isPrefix ? `${phrasePrefix} NOT ${phrase}` : null
    case 'ALL_TERMS':
      return query.isSinglePhrase ? null : `(${allTerms}) NOT ${phrasePrefix}`
  }
}

/** Normalized terms contain no quotes, so that none has to be escaped. */
function quotePhrase({ terms, isPrefix }: SearchPhrase): string {
  return `"${terms.join(' ')}"${isPrefix ? ' *' : ''}`
}
