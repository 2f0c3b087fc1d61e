import type { Conversation } from 'segue-client'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useOpenConversation } from '../../conversations/use-open-conversation.ts'
import { strings } from '../../strings/strings.ts'
import { useChatFilter } from '../../conversations/chat-filter.ts'
import styles from './chat-list.module.css'
import { ChatListMenu, type OpenMenu } from './chat-list-menu.tsx'
import { ChatRows } from './chat-rows.tsx'
import { type ListItems, toListItems } from './to-list-items.ts'
import { useChatSections } from './use-chat-sections.ts'
import { useToday } from './use-today.ts'

/** The chats, live: what needs a person, what is pinned, and the others by day. */
export function ChatList() {
  const sections = useChatSections()
  const today = useToday()
  const known = useRef<ListItems | null>(null)
  const listed = useMemo(() => toListItems(known.current, sections, today), [sections, today])
  // A cache: the same chats have the same items, whichever rendering has listed them before.
  known.current = listed
  const { items } = listed
  const openId = useOpenConversation()?.id ?? null
  const scroller = useRef<HTMLDivElement>(null)
  const [renamingId, setRenamingId] = useState<string | null>(null)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const openMenu = useCallback(
    (conversation: Conversation, anchor: OpenMenu['anchor']) => setMenu({ conversation, anchor, isOpen: true }),
    [],
  )
  return (
    <div className={styles.scroller} ref={scroller} data-scroller>
      {sections.error && (
        <p className={styles.note} role="alert">
          {sections.error.message}
        </p>
      )}
      <ChatRows
        items={items}
        openId={openId}
        renamingId={renamingId}
        scroller={scroller}
        hasMore={sections.hasMore}
        loadMore={sections.loadMore}
        onRename={setRenamingId}
        onMenu={openMenu}
      />
      {items.length === 0 && !sections.error && !sections.isLoading && <EmptyNote />}
      {menu && (
        <ChatListMenu
          menu={menu}
          isShown={menu.conversation.id === openId}
          list={scroller}
          onClose={() => setMenu({ ...menu, isOpen: false })}
          onRename={() => setRenamingId(menu.conversation.id)}
        />
      )}
    </div>
  )
}

function EmptyNote() {
  const { channels, origin, isArchive } = useChatFilter()
  const isFiltered = channels.length > 0 || origin !== null
  const { empty, emptyFiltered, emptyArchive } = strings.sidebar
  return <p className={styles.note}>{isFiltered ? emptyFiltered : isArchive ? emptyArchive : empty}</p>
}
