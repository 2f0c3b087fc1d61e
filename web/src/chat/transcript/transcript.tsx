import { ArrowDown } from 'lucide-react'
import { type LiveChat, useChat } from 'segue-client/react'
import { useRef } from 'react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import { MessageGroupView } from './groups/message-group-view.tsx'
import { hasMessage, type MessageGroups, noMessageGroups, toMessageGroups } from './groups/to-message-groups.ts'
import { ActivityLine } from './activity-line.tsx'
import { FollowingContext } from './scroll/following-context.ts'
import { useEarlierMessages } from './scroll/use-earlier-messages.ts'
import { useReveal } from './reveal/use-reveal.ts'
import { useEndFollower } from './scroll/use-end-follower.ts'
import styles from './transcript.module.css'

/** The messages of a chat. It stays at the newest one unless the reader scrolls away from it. */
export default function Transcript({ chat }: { readonly chat: LiveChat }) {
  // Another chat begins at its end, with nothing of the one before.
  return <ChatTranscript key={getKey(chat)} chat={chat} />
}

const keys = new WeakMap<LiveChat, number>()
let lastKey = 0

function getKey(chat: LiveChat): number {
  const key = keys.get(chat) ?? ++lastKey
  keys.set(chat, key)
  return key
}

function ChatTranscript({ chat }: { readonly chat: LiveChat }) {
  const { messages, hasEarlier } = useChat(chat, (state) => ({
    messages: state.messages,
    hasEarlier: state.hasEarlier,
  }))
  const known = useRef<MessageGroups>(noMessageGroups)
  // A cache: the same messages are in the same groups, whichever rendering has grouped them before.
  known.current = toMessageGroups(known.current, messages)
  const { groups } = known.current
  const scrolled = useEndFollower()
  useEarlierMessages(chat, scrolled, { firstId: messages[0]?.id ?? null, hasEarlier })
  const revealedId = useReveal(chat, scrolled, messages.length > 0)
  return (
    <FollowingContext value={scrolled.checkFollowing}>
      <div className={styles.frame}>
        <div
          className={styles.scroller}
          ref={scrolled.scroller}
          data-scroller
          tabIndex={0}
          role="region"
          aria-label={strings.chat.conversation}
        >
          <div className={styles.column} ref={scrolled.content}>
            <p className={styles.earlier}>{hasEarlier && strings.transcript.loadingEarlier}</p>
            {groups.map((group, index) => (
              <MessageGroupView
                key={group.number}
                chat={chat}
                group={group}
                isNeeded={index === groups.length - 1 || hasMessage(group, revealedId)}
              />
            ))}
            <ActivityLine chat={chat} />
          </div>
        </div>
        {!scrolled.isFollowing && (
          <IconButton className={styles.newest} label={strings.transcript.goToNewest} onClick={scrolled.goToEnd}>
            <ArrowDown />
          </IconButton>
        )}
      </div>
    </FollowingContext>
  )
}
