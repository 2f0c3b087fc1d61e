import type { ComponentProps } from 'react'
import { AnchoredMenu } from '../../components/popups/menu.tsx'
import { ConversationMenuItems } from './conversation-menu-items.tsx'

type ConversationMenuProps = ComponentProps<typeof ConversationMenuItems> &
  Omit<ComponentProps<typeof AnchoredMenu>, 'children'>

/** What can be done with a conversation, beside an element or the pointer. */
export default function ConversationMenu({
  conversation,
  isShown,
  renameKey,
  onRename,
  ...menu
}: ConversationMenuProps) {
  return (
    <AnchoredMenu {...menu}>
      <ConversationMenuItems
        conversation={conversation}
        isShown={isShown}
        onRename={onRename}
        {...(renameKey !== undefined && { renameKey })}
      />
    </AnchoredMenu>
  )
}
