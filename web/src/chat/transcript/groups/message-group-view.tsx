import type { LiveChat } from 'segue-client/react'
import { memo, useRef, useState } from 'react'
import { MessageItem } from '../message/message-item.tsx'
import styles from '../transcript.module.css'
import { isInUse, useNearness } from './use-nearness.ts'
import type { MessageGroup } from './to-message-groups.ts'

interface MessageGroupViewProps {
  readonly chat: LiveChat
  readonly group: MessageGroup
  /** The newest messages, and those that are jumped to, are rendered at once. */
  readonly isNeeded: boolean
}

const expectedItemHeight = 160 // pixels

/** Messages that are rendered while they are near to what the reader sees. Else an empty box keeps their place. */
export const MessageGroupView = memo(function MessageGroupView({ chat, group, isNeeded }: MessageGroupViewProps) {
  const box = useRef<HTMLDivElement>(null)
  const [height, setHeight] = useState(group.items.length * expectedItemHeight)
  const [isNearby, setNearby] = useState(isNeeded)
  const isShown = isNearby || isNeeded
  useNearness(box, (isNear) => {
    if (!isNear && (!box.current || isInUse(box.current))) return
    if (!isNear && box.current) setHeight(box.current.getBoundingClientRect().height)
    setNearby(isNear)
  })
  return (
    <div ref={box} className={styles.group} data-group={group.number} style={isShown ? undefined : { height }}>
      {isShown && group.items.map((item) => <MessageItem key={item.message.id} chat={chat} item={item} />)}
    </div>
  )
})
