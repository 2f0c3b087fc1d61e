import type { LiveChat } from 'segue-client/react'
import { memo, useLayoutEffect, useRef, useState } from 'react'
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
  const wasShown = useRef(isShown)
  const shownHeight = useRef(height)
  useNearness(box, (isNear) => {
    if (!isNear && (!box.current || isInUse(box.current))) return
    if (!isNear && box.current) {
      shownHeight.current = box.current.getBoundingClientRect().height
      setHeight(shownHeight.current)
    }
    setNearby(isNear)
  })
  useLayoutEffect(() => {
    if (!box.current) return
    const area = box.current.closest('[data-scroller]')
    const { top, height: newHeight } = box.current.getBoundingClientRect()
    const oldHeight = shownHeight.current
    shownHeight.current = newHeight
    const hasChanged = wasShown.current !== isShown
    wasShown.current = isShown
    if (!area || !hasChanged) return
    // The end stays where it is: not only from the next frame on, as a `ResizeObserver` would have it.
    if (area.hasAttribute('data-following')) {
      // Less height is no way back: that would be taken for the reader's. The browser scrolls no further than the end anyway.
      area.scrollTop += Math.max(0, newHeight - oldHeight)
      return
    }
    const above = area.getBoundingClientRect().top - top
    // What is read below it stays in its place. Where all of it is above, browsers do that themselves.
    const isHeld = above > oldHeight && !area.hasAttribute('data-loading')
    if (above > 0 && !isHeld) area.scrollTop += newHeight - oldHeight
  }, [isShown])
  return (
    <div ref={box} className={styles.group} data-group={group.number} style={isShown ? undefined : { height }}>
      {isShown && group.items.map((item) => <MessageItem key={item.message.id} chat={chat} item={item} />)}
    </div>
  )
})
