import { Ellipsis, Pencil } from 'lucide-react'
import type { Conversation } from 'segue-client'
import { type LiveChat, useChat } from 'segue-client/react'
import { useLayoutEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import { topBarId } from '../../routing/top-bar.ts'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../components/popups/popup-on-demand.tsx'
import { useMediaQuery } from '../../components/hooks/use-media-query.ts'
import { toShownTitle } from '../../conversations/conversation-title.ts'
import { TitleField } from '../../conversations/title-field.tsx'
import { useCommands } from '../../keyboard/commands/command-store.ts'
import { strings } from '../../strings/strings.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { TranscriptToolbar } from '../transcript/toolbar/transcript-toolbar.tsx'
import styles from './chat-header.module.css'
import { ChatOrigin } from './chat-origin.tsx'
import { useChatConversation } from './use-chat-conversation.ts'

const ChatMenu = popupOnDemand(() => import('./chat-menu.tsx'))

/** What a chat is called, where it is from, and what can be done with it. On narrow screens it is in the bar of the page. */
export function ChatHeader({ chat }: { readonly chat: LiveChat }) {
  const conversation = useChatConversation(chat)
  const isNarrow = useMediaQuery('(width <= 760px)')
  const [bar, setBar] = useState<HTMLElement | null>(null)
  useLayoutEffect(() => setBar(isNarrow ? document.getElementById(topBarId) : null), [isNarrow])
  const header = <Header chat={chat} conversation={conversation} />
  if (!isNarrow) return header
  return bar && createPortal(header, bar)
}

interface HeaderProps {
  readonly chat: LiveChat
  readonly conversation: Conversation | null
}

function Header({ chat, conversation }: HeaderProps) {
  const sessionTitle = useChat(chat, (state) => state.title)
  const [isRenaming, setRenaming] = useState(false)
  const title = toShownTitle(conversation ?? { title: sessionTitle })
  const rename = (): void => setRenaming(true)
  const onRenamed = (): void => {
    setRenaming(false)
    focusComposer()
  }
  useCommands(
    conversation ? [{ id: 'rename', label: strings.keyboard.commands.rename, Icon: Pencil, run: rename }] : [],
  )
  return (
    <header className={styles.header}>
      {isRenaming && conversation ? (
        <>
          <h1 className="visually-hidden">{title}</h1>
          <TitleField conversation={conversation} onDone={onRenamed} />
        </>
      ) : (
        <h1 className={styles.title}>
          <span>{title}</span>
        </h1>
      )}
      {conversation && !isRenaming && (
        <IconButton className={styles.rename} label={strings.chatHeader.rename} onClick={rename}>
          <Pencil />
        </IconButton>
      )}
      <span className={styles.space} />
      <ChatOrigin chat={chat} conversation={conversation} />
      <TranscriptToolbar chat={chat} />
      {conversation && (
        <ChatMenu
          chat={chat}
          conversation={conversation}
          onRename={rename}
          trigger={
            <IconButton label={strings.chatHeader.menu}>
              <Ellipsis />
            </IconButton>
          }
        />
      )}
    </header>
  )
}
