import { type LiveChat, useChat } from 'segue-client/react'
import type { Draft } from '../draft/draft.ts'
import { EffortPicker } from './models/effort-picker.tsx'
import { InstructionsButton } from './instructions/instructions-button.tsx'
import { ModelPicker } from './models/model-picker.tsx'
import { ProfilePicker } from './profile/profile-picker.tsx'
import styles from './settings.module.css'
import type { ChatSettings as Settings } from './use-chat-settings.ts'
import type { ChatModel } from './models/use-models.ts'

interface ChatSettingsProps {
  readonly chat: LiveChat
  readonly draft: Draft
  readonly profile: string
  readonly settings: Settings
  /** Of the profile. Null until they are read. */
  readonly models: readonly ChatModel[] | null
  /** Of the model. */
  readonly efforts: readonly string[]
}

/** Who answers in the chat, and how. */
export function ChatSettings({ chat, draft, profile, settings, models, efforts }: ChatSettingsProps) {
  const isNew = useChat(chat, (state) => state.sessionId === null)
  return (
    <span className={styles.settings}>
      {isNew && <ProfilePicker />}
      <ModelPicker settings={settings} models={models} />
      <EffortPicker settings={settings} efforts={efforts} />
      <InstructionsButton chat={chat} draft={draft} profile={profile} />
    </span>
  )
}
