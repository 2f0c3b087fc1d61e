import { type LiveChat, useChat } from 'segue-client/react'
import type { Draft } from '../draft/draft.ts'
import type { NewChatSettings } from '../draft/draft-state.ts'
import { useDraftState } from '../draft/use-draft.ts'

export interface ChatSettings {
  /** Null: the default model of the profile. */
  readonly model: string | null
  /** Null: the model's own. */
  readonly effort: string | null
  /** Whether the chat has a session of Segue's, whose settings these are. Else they count for the session that is made. */
  readonly isStored: boolean
  /** An empty text takes a setting away. What the server refuses is the error of the chat. */
  change(changes: NewChatSettings): void
}

/** The settings of the answers of a chat. */
export function useChatSettings(chat: LiveChat, draft: Draft): ChatSettings {
  const { model, effort, isStored } = useChat(chat, (state) => ({
    model: state.model,
    effort: state.effort,
    isStored: state.sessionId !== null && state.origin === 'SEGUE',
  }))
  const chosen = useDraftState(draft, ({ settings }) => settings)
  return {
    model: isStored ? model : (chosen.model ?? model),
    effort: isStored ? effort : (chosen.effort ?? null),
    isStored,
    change: (changes) => {
      if (isStored) void chat.updateSession(changes).catch(() => {})
      else draft.setSettings(withoutEmpty({ ...chosen, ...changes }))
    },
  }
}

function withoutEmpty(settings: NewChatSettings): NewChatSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''))
}
