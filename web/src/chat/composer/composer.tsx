import { type LiveChat, useChat } from 'segue-client/react'
import { WaitingMessages } from '../queue/waiting-messages.tsx'
import { CircleStop } from 'lucide-react'
import { useCommands } from '../../keyboard/commands/command-store.ts'
import { globalShortcuts } from '../../shortcuts/shortcut-registry.ts'
import { useGlobalShortcuts } from '../../shortcuts/use-global-shortcuts.ts'
import { strings } from '../../strings/strings.ts'
import { ChatError } from './chat-error.tsx'
import { ComposerForm } from './composer-form.tsx'
import { ComposerNotice } from './composer-notice.tsx'
import { ProviderWait } from './provider-wait.tsx'
import styles from './composer.module.css'
import { useArrivals } from './draft/use-arrivals.ts'
import { useDraft } from './draft/use-draft.ts'
import { useStop } from './send/use-stop.ts'

/** Where a message is written, below what waits to be answered and what became of the last action. */
export function Composer({ chat }: { readonly chat: LiveChat }) {
  const draft = useDraft(chat)
  const { report, dismissReport, stop } = useStop(chat, draft)
  useArrivals(chat, draft)
  const canStop = useChat(chat, (state) => state.activeStream !== null || state.isSending)
  useGlobalShortcuts({ stop: canStop ? stop : undefined })
  useCommands(
    canStop
      ? [{ id: 'stop', label: strings.keyboard.commands.stop, Icon: CircleStop, keys: globalShortcuts.stop, run: stop }]
      : [],
  )
  return (
    <div className={styles.composer}>
      {report?.isShown && (
        <ComposerNotice kind="info" onDismiss={dismissReport}>
          {report.text}
        </ComposerNotice>
      )}
      <p className="visually-hidden" role="status">
        {report?.isShown === false && report.text}
      </p>
      <ProviderWait chat={chat} />
      <ChatError chat={chat} />
      <WaitingMessages chat={chat} draft={draft} />
      <ComposerForm chat={chat} draft={draft} onSent={dismissReport} onStop={stop} />
    </div>
  )
}
