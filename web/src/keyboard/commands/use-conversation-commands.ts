import { Archive, ArchiveRestore, Pin, PinOff } from 'lucide-react'
import { useConversationActions } from '../../conversations/use-conversation-actions.ts'
import { useOpenConversation } from '../../conversations/use-open-conversation.ts'
import { strings } from '../../strings/strings.ts'
import { useCommands } from './command-store.ts'

const text = strings.keyboard.commands

/** What can be done with the chat that is open. */
export function useConversationCommands(): void {
  const conversation = useOpenConversation()
  const { setPinned, setArchived } = useConversationActions()
  useCommands(
    conversation
      ? [
          {
            id: 'pin',
            label: conversation.pinned ? text.unpin : text.pin,
            Icon: conversation.pinned ? PinOff : Pin,
            run: () => void setPinned(conversation.id, !conversation.pinned),
          },
          {
            id: 'archive',
            label: conversation.archived ? text.unarchive : text.archive,
            Icon: conversation.archived ? ArchiveRestore : Archive,
            run: () => void setArchived(conversation, !conversation.archived),
          },
        ]
      : [],
  )
}
