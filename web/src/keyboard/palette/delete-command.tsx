import { Trash2 } from 'lucide-react'
import type { Conversation } from 'segue-client'
import { useConversationOrigins } from '../../conversations/menu/use-conversation-origins.ts'
import { useConversationActions } from '../../conversations/use-conversation-actions.ts'
import { strings } from '../../strings/strings.ts'
import { useCommands } from '../commands/command-store.ts'

/** Offers to delete the chat that is open, where that is possible: not while it is busy, and nothing of Hermes. */
export function DeleteCommand({ conversation }: { readonly conversation: Conversation }) {
  const { remove } = useConversationActions()
  const origins = useConversationOrigins(conversation)
  const isDeletable = origins !== null && !origins.hasHermesSegments && origins.activeStreamIds.length === 0
  const label = strings.keyboard.commands.delete
  useCommands(isDeletable ? [{ id: 'delete', label, Icon: Trash2, run: () => remove(conversation, true) }] : [])
  return null
}
