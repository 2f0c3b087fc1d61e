import { ErrorText } from '../components/error-text.tsx'
import { type KeyboardEvent, type RefObject, useRef } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { useLoadNear } from '../components/hooks/use-load-near.ts'
import { strings } from '../strings/strings.ts'
import { SearchHitLink } from './search-hit-link.tsx'
import styles from './search-results.module.css'
import { type ChatSearch, useChatSearch } from './use-chat-search.ts'

/** What a search has found, in place of the list of chats: each result leads to its message. */
export default function SearchResults({ query }: { readonly query: string }) {
  const search = useChatSearch(query)
  const { hits, error, hasMore } = search
  const scroller = useRef<HTMLDivElement>(null)
  const isDone = search.query === query
  return (
    <div className={styles.scroller} ref={scroller} aria-busy={!isDone} onKeyDown={moveFocus}>
      <p className="visually-hidden" role="status">
        {isDone &&
          error === null &&
          (hits.length === 0 ? strings.search.none : strings.search.count(hits.length, hasMore))}
      </p>
      <ErrorText className={styles.note}>{error}</ErrorText>
      {isDone && error === null && hits.length === 0 && (
        <p className={styles.note} aria-hidden="true">
          {strings.search.none}
        </p>
      )}
      {/* What was found for another text has another place. */}
      <HitRows key={search.query} scroller={scroller} search={search} />
    </div>
  )
}

interface HitRowsProps {
  readonly scroller: RefObject<HTMLElement | null>
  readonly search: ChatSearch
}

function HitRows({ scroller, search: { hits, query, hasMore, loadMore } }: HitRowsProps) {
  const virtualizer = useRef<VirtualizerHandle>(null)
  const loadNear = useLoadNear(virtualizer, hits.length, { hasMore, loadMore })
  return (
    <div aria-label={strings.search.results} role="region">
      <Virtualizer ref={virtualizer} scrollRef={scroller} as="ul" item="li" data={hits} onScroll={loadNear}>
        {(hit, index) => (
          // The same message can be found once, and so can the title of a session.
          <SearchHitLink key={`${hit.session.id} ${hit.message?.id ?? index}`} hit={hit} query={query ?? ''} />
        )}
      </Virtualizer>
    </div>
  )
}

/** The arrow keys go from result to result. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  const links = [...event.currentTarget.querySelectorAll('a')]
  const next = links[links.findIndex((link) => link === document.activeElement) + step]
  next?.focus()
  event.preventDefault()
}
