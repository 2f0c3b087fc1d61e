import { type RefObject, useCallback, useRef, useState } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import { ChatRow, type ChatRowProps } from '../row/chat-row.tsx'
import styles from './chat-list.module.css'
import type { ListItem } from './to-list-items.ts'
import { useLoadNear } from '../../components/hooks/use-load-near.ts'
import { useRowKeys } from './use-row-keys.ts'

interface ChatRowsProps extends Pick<ChatRowProps, 'onMenu'> {
  readonly items: readonly ListItem[]
  /** The conversation that the page shows. */
  readonly openId: string | null
  /** The conversation whose title is a field. */
  readonly renamingId: string | null
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLElement | null>
  readonly hasMore: boolean
  readonly loadMore: () => Promise<void>
  /** Null: the field is left. */
  readonly onRename: (id: string | null) => void
}

const rowHeight = 34 // pixels, before a row is measured

/** The rows of the list. Those that are far from what is shown have no elements, and are read when the list is scrolled there. */
export function ChatRows(props: ChatRowsProps) {
  const { items, openId, renamingId, scroller, hasMore, loadMore, onRename, onMenu } = props
  const virtualizer = useRef<VirtualizerHandle>(null)
  const { tabStopIndex, onFocus, onKeyDown } = useRowKeys(items, openId, virtualizer, onRename)
  const loadNear = useLoadNear(virtualizer, items.length, { hasMore, loadMore })
  const [firstRows, setFirstRows] = useState(() => Math.ceil(innerHeight / rowHeight))
  const onResize = (): void => {
    const { scrollOffset = 0, viewportSize = 0 } = virtualizer.current ?? {}
    // Until it is scrolled, the list has no more rows than its first rendering had.
    if (scrollOffset === 0) setFirstRows((rows) => Math.max(rows, Math.ceil(viewportSize / rowHeight)))
    loadNear()
  }
  const onRenamed = useCallback(() => onRename(null), [onRename])
  const renderItem = (item: ListItem, index: number) =>
    item.type === 'heading' ? (
      <h2 key={item.key} className={styles.heading}>
        {item.text}
      </h2>
    ) : (
      <ChatRow
        key={item.key}
        conversation={item.conversation}
        isOpen={item.key === openId}
        isTabStop={index === tabStopIndex}
        isRenaming={item.key === renamingId}
        onRenamed={onRenamed}
        onMenu={onMenu}
      />
    )
  return (
    <div onFocus={onFocus} onKeyDown={onKeyDown}>
      <Virtualizer
        key={firstRows}
        ref={virtualizer}
        scrollRef={scroller}
        as="ul"
        item="li"
        data={items}
        itemSize={rowHeight}
        // With the first rendering, rather than after a second one when the list is measured.
        ssrCount={firstRows}
        keepMounted={tabStopIndex < 0 ? [] : [tabStopIndex]}
        onScroll={loadNear}
        onResize={onResize}
      >
        {renderItem}
      </Virtualizer>
    </div>
  )
}
