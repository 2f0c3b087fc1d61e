import { useSegueClient, type QueuedMessage } from 'segue-client/react'
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { strings } from '../../strings/strings.ts'
import { findDropIndex, moveTo } from './move-to.ts'

/** What the button has by which a message is dragged, and moved with the arrow keys. */
export interface DragHandleProps {
  readonly onPointerDown: (event: PointerEvent<HTMLButtonElement>) => void
  readonly onPointerMove: (event: PointerEvent<HTMLButtonElement>) => void
  readonly onPointerUp: () => void
  readonly onPointerCancel: () => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLButtonElement>) => void
}

interface QueueOrder {
  /** The queue as it is shown: while a message is moved, as it will be. */
  readonly ordered: readonly QueuedMessage[]
  readonly listRef: RefObject<HTMLOListElement | null>
  /** The stream of the message that is dragged. */
  readonly draggedId: string | null
  /** For screen readers: where the message is now. */
  readonly announcement: string
  /** Why the order was not changed. */
  readonly error: string | null
  getHandleProps(streamId: string): DragHandleProps
}

/** The order of a queue, which a person can change by dragging and with the arrow keys. */
export function useQueueOrder(queue: readonly QueuedMessage[]): QueueOrder {
  const ids = queue.map(({ stream }) => stream.id)
  const listRef = useRef<HTMLOListElement>(null)
  const [order, setOrder] = useState<readonly string[] | null>(null)
  const [draggedId, setDragged] = useState<string | null>(null)
  const [announcement, announce] = useState('')
  const { move, error } = useMove(setOrder)
  const known = ids.join('\n')
  // What the server says counts, also where it differs from what was asked for.
  useEffect(() => setOrder(null), [known])
  const shownIds = order?.length === ids.length && order.every((id) => ids.includes(id)) ? order : ids
  const focused = useKeptFocus(listRef, shownIds)
  const place = (streamId: string, index: number): readonly string[] => {
    const moved = moveTo(shownIds, streamId, index)
    setOrder(moved)
    announce(strings.composer.waiting.moved(moved.indexOf(streamId) + 1, moved.length))
    return moved
  }
  const end = (isCancelled: boolean): void => {
    if (draggedId === null) return
    setDragged(null)
    if (isCancelled) setOrder(null)
    else if (shownIds.join('\n') !== known) move(draggedId, shownIds)
  }
  return {
    ordered: shownIds.flatMap((id) => queue.find(({ stream }) => stream.id === id) ?? []),
    listRef,
    draggedId,
    announcement,
    error,
    getHandleProps: (streamId) => ({
      onPointerDown: (event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        setDragged(streamId)
      },
      onPointerMove: ({ clientY }) => {
        if (draggedId !== streamId || !listRef.current) return
        const index = findDropIndex([...listRef.current.children], shownIds.indexOf(streamId), clientY)
        if (index !== shownIds.indexOf(streamId)) place(streamId, index)
      },
      onPointerUp: () => end(false),
      onPointerCancel: () => end(true),
      onKeyDown: (event) => {
        if (event.key === 'Escape') return end(true)
        const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
        const index = shownIds.indexOf(streamId) + step
        if (step === 0 || index < 0 || index >= shownIds.length) return
        event.preventDefault()
        focused.current = event.currentTarget
        move(streamId, place(streamId, index))
      },
    }),
  }
}

function useMove(setOrder: (order: null) => void) {
  const client = useSegueClient()
  const [error, setError] = useState<string | null>(null)
  const move = (streamId: string, order: readonly string[]): void => {
    setError(null)
    client.moveQueued(streamId, order[order.indexOf(streamId) + 1] ?? null).catch((reason: unknown) => {
      setOrder(null)
      setError(reason instanceof Error ? reason.message : String(reason))
    })
  }
  return { move, error }
}

/** An element that moves within its list loses the focus. It gets it back. */
function useKeptFocus(list: RefObject<HTMLElement | null>, order: readonly string[]) {
  const focused = useRef<HTMLElement | null>(null)
  const key = order.join('\n')
  useLayoutEffect(() => {
    if (focused.current && list.current?.contains(focused.current)) focused.current.focus()
    focused.current = null
  }, [list, key])
  return focused
}
