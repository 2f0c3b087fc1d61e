import { Archive, ArchiveRestore, CircleStop, Info, Pencil, Pin, PinOff, SquareTerminal, Trash2 } from 'lucide-react'
import type { Conversation } from 'segue-client'
import { copyText } from '../../components/buttons/copy-text.ts'
import { MenuItem } from '../../components/popups/menu.tsx'
import { showNotice } from '../../notices/notice-store.ts'
import { strings } from '../../strings/strings.ts'
import { toHermesResumeCommand } from '../hermes-resume-command.ts'
import { useConversationActions } from '../use-conversation-actions.ts'
import { useConversationOrigins } from './use-conversation-origins.ts'

interface ConversationMenuItemsProps {
  readonly conversation: Conversation
  /** Whether the page shows it. */
  readonly isShown: boolean
  /** Shows a field for the title. */
  readonly onRename: () => void
  /** The key that does the same, where there is one. */
  readonly renameKey?: string
}

const text = strings.conversation

/** What can be done with a conversation, as the items of a menu. */
export function ConversationMenuItems({ conversation, isShown, onRename, renameKey }: ConversationMenuItemsProps) {
  const actions = useConversationActions()
  const { id, pinned, archived, tip } = conversation
  return (
    <>
      <MenuItem icon={<Pencil />} hint={renameKey} onClick={onRename}>
        {text.rename}
      </MenuItem>
      <MenuItem icon={pinned ? <PinOff /> : <Pin />} onClick={() => void actions.setPinned(id, !pinned)}>
        {pinned ? text.unpin : text.pin}
      </MenuItem>
      <MenuItem
        icon={archived ? <ArchiveRestore /> : <Archive />}
        onClick={() => void actions.setArchived(conversation, !archived)}
      >
        {archived ? text.unarchive : text.archive}
      </MenuItem>
      {tip.origin === 'HERMES' && (
        <MenuItem icon={<SquareTerminal />} onClick={() => void copyResumeCommand(tip.id)}>
          {text.copyResumeCommand}
        </MenuItem>
      )}
      <DeleteItem conversation={conversation} isShown={isShown} />
    </>
  )
}

/** Deletes it. Stands for why it cannot be deleted, or stops what runs, where that must be first. */
function DeleteItem({ conversation, isShown }: Pick<ConversationMenuItemsProps, 'conversation' | 'isShown'>) {
  const actions = useConversationActions()
  const origins = useConversationOrigins(conversation)
  const activeStreamIds = origins?.activeStreamIds ?? []
  const stopItem = activeStreamIds.length > 0 && (
    <MenuItem icon={<CircleStop />} title={text.stopFirst} onClick={() => void actions.stop(activeStreamIds)}>
      {text.stop}
    </MenuItem>
  )
  if (origins?.hasHermesSegments) {
    return (
      <>
        {stopItem}
        <MenuItem icon={<Info />} disabled title={text.notDeletableReason}>
          {text.notDeletable}
        </MenuItem>
      </>
    )
  }
  if (stopItem || !origins) return stopItem
  const remove = (): void => actions.remove(conversation, isShown)
  return (
    <MenuItem icon={<Trash2 />} isDanger onClick={remove}>
      {text.delete}
    </MenuItem>
  )
}

async function copyResumeCommand(sessionId: string): Promise<void> {
  const command = toHermesResumeCommand(sessionId)
  const isCopied = await copyText(command)
  showNotice({ text: isCopied ? text.resumeCommandCopied(command) : text.resumeCommand(command) })
}
