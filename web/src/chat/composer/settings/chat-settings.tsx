import { type LiveChat, useChat } from 'segue-client/react'
import type { Draft } from '../draft/draft.ts'
import { EffortPicker } from './effort-picker.tsx'
import { InstructionsButton } from './instructions-button.tsx'
import { ModelPicker } from './model-picker.tsx'
import { ProfilePicker } from './profile-picker.tsx'
import styles from './settings.module.css'
import { useChatSettings } from './use-chat-settings.ts'
import { findModel, useModels } from './use-models.ts'

interface ChatSettingsProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly profile: string
}

/** Who answers in the chat, and how. */
export function ChatSettings({ chat, draft, profile }: ChatSettingsProps) {
  const settings = useChatSettings(chat, draft)
  const isNew = useChat(chat, (state) => state.sessionId === null)
  const { models } = useModels(profile)
  const efforts = findModel(models, settings.model)?.efforts ?? []
  return (
    <span className={styles.settings}>
      {isNew && <ProfilePicker />}
      <ModelPicker settings={settings} models={models} />
      <EffortPicker settings={settings} efforts={efforts} />
      <InstructionsButton chat={chat} draft={draft} profile={profile} />
    </span>
  )
}
