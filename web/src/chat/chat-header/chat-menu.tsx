import type { Conversation } from 'segue-client'
import type { LiveChat } from 'segue-client/react'
import { useRef } from 'react'
import { Menu } from '../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../components/popups/popup-on-demand.tsx'
import { ConversationMenuItems } from '../../conversations/menu/conversation-menu-items.tsx'
import { findComposer } from '../../shortcuts/focus-composer.ts'

interface ChatMenuProps extends OnDemandPopupProps {
  readonly chat: LiveChat
  readonly conversation: Conversation
  readonly onRename: () => void
}

/** What can be done with the chat that is shown. */
export default function ChatMenu({ trigger, conversation, onRename }: ChatMenuProps) {
  const isRenaming = useRef(false)
  const rename = (): void => {
    isRenaming.current = true
    onRename()
  }
  const finalFocus = (): HTMLElement | null => {
    // The field of the title has taken the focus.
    const field = isRenaming.current ? document.activeElement : null
    isRenaming.current = false
    return field instanceof HTMLInputElement ? field : findComposer()
  }
  return (
    <Menu trigger={trigger} finalFocus={finalFocus}>
      <ConversationMenuItems conversation={conversation} isShown onRename={rename} />
    </Menu>
  )
}
