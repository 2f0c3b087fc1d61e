import { ChevronRight, Ellipsis } from 'lucide-react'
import type { Conversation } from 'segue-client'
import { lazy, memo, type MouseEvent, type RefObject, Suspense, useEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../../routing/routes.ts'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { toShownTitle } from '../../conversations/conversation-title.ts'
import { TitleField } from '../../conversations/title-field.tsx'
import { strings } from '../../strings/strings.ts'
import { AttentionMark } from './attention-mark.tsx'
import styles from './chat-row.module.css'
import { SourceIcon } from '../../conversations/source-icon.tsx'
import { loadPatiently } from '../../components/errors/load-patiently.ts'

const ChatSegments = lazy(loadPatiently(() => import('./chat-segments.tsx')))

/** Where a menu opens: an element, or the place of the pointer. */
export type MenuAnchor = Element | { getBoundingClientRect(): DOMRect }

export interface ChatRowProps {
  readonly conversation: Conversation
  /** Whether the page shows it. */
  readonly isOpen: boolean
  /** Whether the tab key leads to it: of the list, to one row at a time. */
  readonly isTabStop: boolean
  readonly isRenaming: boolean
  readonly onRenamed: () => void
  readonly onMenu: (conversation: Conversation, anchor: MenuAnchor) => void
}

/** One chat of the list. */
export const ChatRow = memo(function ChatRow(props: ChatRowProps) {
  const { conversation, isOpen, isTabStop, isRenaming, onRenamed, onMenu } = props
  const [isUnfolded, setUnfolded] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useFocusAfterRenaming(box, isRenaming)
  const { id, attention, tip } = conversation
  const title = toShownTitle(conversation)
  const onContextMenu = (event: MouseEvent): void => {
    event.preventDefault()
    onMenu(conversation, toAnchor(event))
  }
  return (
    <div data-chat={id} ref={box}>
      <div
        className={styles.row}
        data-open={isOpen || undefined}
        data-attention={attention}
        onContextMenu={onContextMenu}
      >
        {isRenaming ? (
          <TitleField conversation={conversation} onDone={onRenamed} />
        ) : (
          <Link
            href={toChatPath(tip.id)}
            className={styles.link}
            aria-current={isOpen ? 'page' : undefined}
            tabIndex={isTabStop ? 0 : -1}
            title={title}
          >
            {tip.channel !== 'SEGUE' && <SourceIcon channel={tip.channel} source={tip.source} />}
            <span className={styles.title}>{title}</span>
            <AttentionMark attention={attention} />
          </Link>
        )}
        <RowButtons {...props} title={title} isUnfolded={isUnfolded} onUnfold={() => setUnfolded(!isUnfolded)} />
      </div>
      {isUnfolded && (
        <Suspense>
          <ChatSegments conversation={conversation} />
        </Suspense>
      )}
    </div>
  )
})

/** Gives the focus back to the row when the field of its title goes with it. */
function useFocusAfterRenaming(box: RefObject<HTMLElement | null>, isRenaming: boolean): void {
  useEffect(() => {
    if (!isRenaming) return
    const element = box.current
    return () => {
      if (document.activeElement === document.body) element?.querySelector('a')?.focus()
    }
  }, [box, isRenaming])
}

interface RowButtonsProps extends Pick<ChatRowProps, 'conversation' | 'isTabStop' | 'onMenu'> {
  readonly title: string
  readonly isUnfolded: boolean
  readonly onUnfold: () => void
}

function RowButtons({ conversation, isTabStop, onMenu, title, isUnfolded, onUnfold }: RowButtonsProps) {
  const tabIndex = isTabStop ? 0 : -1
  return (
    <>
      {conversation.segmentCount > 1 && (
        <IconButton
          className={styles.unfold}
          label={strings.sidebar.unfold(title)}
          aria-expanded={isUnfolded}
          tabIndex={tabIndex}
          onClick={onUnfold}
        >
          <ChevronRight />
        </IconButton>
      )}
      <IconButton
        className={styles.menu}
        label={strings.sidebar.actions(title)}
        aria-haspopup="menu"
        tabIndex={tabIndex}
        onClick={({ currentTarget }) => onMenu(conversation, currentTarget)}
      >
        <Ellipsis />
      </IconButton>
    </>
  )
}

/** The place of the pointer, or the row where the menu was asked for with a key. */
function toAnchor({ clientX, clientY, button, currentTarget }: MouseEvent): MenuAnchor {
  if (button !== 2) return currentTarget
  return { getBoundingClientRect: () => new DOMRect(clientX, clientY, 0, 0) }
}
