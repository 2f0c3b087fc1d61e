import { type LiveChat, useChat } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import styles from './composer.module.css'
import type { Draft } from './draft/draft.ts'
import { useDraftState } from './draft/use-draft.ts'
import { AddFiles } from './files/add-files.tsx'
import { SendControl } from './send/send-control.tsx'
import type { SendMode } from './send/send-mode.ts'
import { ChatSettings } from './settings/chat-settings.tsx'
import { ContextMeter } from './settings/context/context-meter.tsx'
import { useChatSettings } from './settings/use-chat-settings.ts'
import { findModel, useModels } from './settings/models/use-models.ts'

interface ComposerToolbarProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly profile: string
  /** As of `findSendProblem`. */
  readonly problem: string | null
  readonly onFiles: (files: readonly File[]) => void
  readonly onSend: (mode: SendMode) => void
  readonly onStop: () => void
}

/** The buttons below the text: files, who answers and how, what fills the context, send and stop. */
export function ComposerToolbar(props: ComposerToolbarProps) {
  const { chat, draft, profile, problem, onFiles, onSend, onStop } = props
  const { isBusy, canStop } = useChat(chat, (state) => ({
    isBusy: state.activeStream !== null || state.compacting,
    canStop: state.activeStream !== null || state.isSending,
  }))
  const settings = useChatSettings(chat, draft)
  const { models } = useModels(profile)
  const model = findModel(models, settings.model)
  const hasImages = useDraftState(draft, ({ files }) => files.some(({ mediaType }) => mediaType.startsWith('image/')))
  return (
    <>
      {(problem || (hasImages && model?.supportsImages === false)) && (
        <p className={styles.problem} role="status">
          {problem || strings.composer.files.noImages(model?.name ?? '')}
        </p>
      )}
      <div className={styles.toolbar}>
        <AddFiles onFiles={onFiles} />
        <ChatSettings
          chat={chat}
          draft={draft}
          profile={profile}
          settings={settings}
          models={models}
          efforts={model?.efforts ?? []}
        />
        <span className={styles.space} />
        <ContextMeter chat={chat} />
        <SendControl isBusy={isBusy} problem={problem} onSend={onSend} onStop={canStop ? onStop : null} />
      </div>
    </>
  )
}
