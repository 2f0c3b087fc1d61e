import type { Conversation } from 'segue-client'
import { lazy, type RefObject, Suspense, useRef } from 'react'
import { toShownTitle } from '../../conversations/conversation-title.ts'
import { strings } from '../../strings/strings.ts'
import type { MenuAnchor } from '../row/chat-row.tsx'
import { loadPatiently } from '../../components/errors/load-patiently.ts'

// Menus are no part of what is loaded first.
const ConversationMenu = lazy(loadPatiently(() => import('../../conversations/menu/conversation-menu.tsx')))

/** The chat that the menu of the list is about, and where it opens. */
export interface OpenMenu {
  readonly conversation: Conversation
  readonly anchor: MenuAnchor
  /** False while it closes. */
  readonly isOpen: boolean
}

interface ChatListMenuProps {
  readonly menu: OpenMenu
  /** Whether the page shows the chat. */
  readonly isShown: boolean
  readonly list: RefObject<HTMLElement | null>
  readonly onClose: () => void
  readonly onRename: () => void
}

/** The menu that all rows share. The focus goes back to the row, to the field of its title, or to another row. */
export function ChatListMenu({ menu, isShown, list, onClose, onRename }: ChatListMenuProps) {
  const { conversation, anchor, isOpen } = menu
  const isRenaming = useRef(false)
  // A field that came while the menu was open would lose the focus to it.
  const onClosed = (): void => {
    if (isRenaming.current) onRename()
    isRenaming.current = false
  }
  const finalFocus = (): HTMLElement | null => {
    const row = list.current?.querySelector<HTMLElement>(`[data-chat="${CSS.escape(conversation.id)}"]`)
    return (
      row?.querySelector<HTMLElement>('input') ??
      row?.querySelector('a') ??
      list.current?.querySelector('a[tabindex="0"]') ??
      null
    )
  }
  return (
    <Suspense>
      <ConversationMenu
        conversation={conversation}
        isShown={isShown}
        anchor={anchor}
        isOpen={isOpen}
        label={strings.sidebar.actions(toShownTitle(conversation))}
        renameKey="F2"
        finalFocus={finalFocus}
        onClosed={onClosed}
        onOpenChange={(isNowOpen) => !isNowOpen && onClose()}
        onRename={() => {
          isRenaming.current = true
        }}
      />
    </Suspense>
  )
}
