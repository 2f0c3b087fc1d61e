import { Upload } from 'lucide-react'
import { type LiveChat, useChat } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import { ComposerToolbar } from './composer-toolbar.tsx'
import styles from './composer.module.css'
import type { Draft } from './draft/draft.ts'
import { useDraftState } from './draft/use-draft.ts'
import { DraftFiles } from './files/draft-files.tsx'
import { useMessageLimits } from './files/file-limits.ts'
import { useFileDrop } from './files/use-file-drop.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { MessageField } from './message-field.tsx'
import { useChatProfile } from './settings/profile/use-chat-profile.ts'
import { findSendProblem } from './send/find-send-problem.ts'
import { sendDraft } from './send/send-draft.ts'
import { chooseSendMode, type SendMode, useSendMode } from './send/send-mode.ts'

interface ComposerFormProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly onSent: () => void
  readonly onStop: () => void
}

/** The message that is being written: its text, its files, and the buttons that send it and stop the answer. */
export function ComposerForm({ chat, draft, onSent, onStop }: ComposerFormProps) {
  const limits = useMessageLimits()
  const profile = useChatProfile(chat, draft)
  const { isBusy, isNew } = useChat(chat, (state) => ({
    isBusy: state.activeStream !== null || state.compacting,
    isNew: state.sessionId === null,
  }))
  const problem = useDraftState(draft, (state) => findSendProblem(state, limits?.textLength ?? Infinity))
  const mode = useSendMode()
  const send = (chosen: SendMode): void => {
    if (problem !== null) return
    onSent()
    void sendDraft(chat, draft, isBusy ? chosen : 'QUEUE', profile)
    focusComposer()
  }
  const choose = (chosen: SendMode): void => {
    if (chosen !== 'INTERRUPT') chooseSendMode(chosen)
    send(chosen)
  }
  const addFiles = (files: readonly File[]): void => {
    draft.addFiles(files, limits)
    focusComposer()
  }
  const isDropping = useFileDrop(addFiles)
  return (
    <form
      className={styles.box}
      onSubmit={(event) => {
        event.preventDefault()
        send(mode)
      }}
    >
      <DraftFiles draft={draft} />
      <MessageField draft={draft} isBusy={isBusy} isNew={isNew} onSend={send} onFiles={addFiles} />
      <ComposerToolbar
        chat={chat}
        draft={draft}
        profile={profile}
        problem={problem}
        onFiles={addFiles}
        onSend={choose}
        onStop={onStop}
      />
      {isDropping && (
        <p className={styles.drop} role="status">
          <Upload aria-hidden="true" /> {strings.composer.files.drop}
        </p>
      )}
    </form>
  )
}
