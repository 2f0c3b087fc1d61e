import { ScrollText } from 'lucide-react'
import { type LiveChat, useChat } from 'segue-client/react'
import { IconButton } from '../../../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../../strings/strings.ts'
import type { Draft } from '../../draft/draft.ts'

const InstructionsDialog = popupOnDemand(() => import('./instructions-dialog.tsx'))

interface InstructionsButtonProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly profile: string
}

/** Opens the instructions of the chat. Not for chats of Hermes, which has its own. */
export function InstructionsButton({ chat, draft, profile }: InstructionsButtonProps) {
  const { isHermes, sessionId } = useChat(chat, (state) => ({
    isHermes: state.origin === 'HERMES',
    sessionId: state.sessionId,
  }))
  if (isHermes) return null
  return (
    <InstructionsDialog
      key={sessionId}
      chat={chat}
      draft={draft}
      profile={profile}
      trigger={
        <IconButton label={strings.settings.instructions}>
          <ScrollText />
        </IconButton>
      }
    />
  )
}
