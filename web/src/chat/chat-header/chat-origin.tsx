import type { Conversation } from 'segue-client'
import { type LiveChat, useChat } from 'segue-client/react'
import { CopyButton } from '../../components/buttons/copy-button.tsx'
import { toHermesResumeCommand } from '../../conversations/hermes-resume-command.ts'
import { defaultProfile } from '../../profiles/current-profile.ts'
import { SourceIcon, toSourceName } from '../../conversations/source-icon.tsx'
import { strings } from '../../strings/strings.ts'
import styles from './chat-header.module.css'

interface ChatOriginProps {
  readonly chat: LiveChat
  readonly conversation: Conversation | null
}

/** Where a chat is from: its source, its profile, the model of Hermes, and the command that resumes it in a terminal. */
export function ChatOrigin({ chat, conversation }: ChatOriginProps) {
  const { profile, model, origin } = useChat(chat, (state) => ({
    profile: state.profile,
    model: state.model,
    origin: state.origin,
  }))
  const tip = conversation?.tip
  const isHermes = origin === 'HERMES'
  const command = tip && isHermes ? toHermesResumeCommand(tip.id) : null
  return (
    <p className={styles.origin}>
      {tip && tip.channel !== 'SEGUE' && (
        <span className={styles.source}>
          <SourceIcon channel={tip.channel} source={tip.source} /> <span>{toSourceName(tip.source)}</span>
        </span>
      )}
      {profile !== null && profile !== defaultProfile && <span>{strings.chatHeader.profile(profile)}</span>}
      {/* The model of Segue's own chats is chosen in the composer. */}
      {isHermes && model !== null && <span>{model}</span>}
      {command !== null && (
        <span className={styles.command}>
          <code>{command}</code>
          <CopyButton label={strings.conversation.copyResumeCommand} getText={() => command} />
        </span>
      )}
    </p>
  )
}
