import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { EndFollower } from './end-follower.ts'

export interface FollowedScroller {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly content: RefObject<HTMLDivElement | null>
  /** Whether the end is shown, and stays shown. */
  readonly isFollowing: boolean
  readonly goToEnd: () => void
  /** Stays where the reader is: see `EndFollower.stay`. */
  readonly stay: () => void
  /** See `EndFollower.checkWhole`. */
  readonly checkWhole: () => void
  readonly checkFollowing: () => boolean
}

/** A scrolled area that stays at its end until the reader leaves it. */
export function useEndFollower(): FollowedScroller {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const follower = useRef<EndFollower | null>(null)
  const listeners = useRef(new Set<() => void>())
  useLayoutEffect(() => {
    if (!scroller.current || !content.current) return
    const notify = (): void => listeners.current.forEach((listener) => listener())
    const created = new EndFollower(scroller.current, content.current, notify)
    follower.current = created
    return () => created.dispose()
  }, [])
  const checkFollowing = useCallback(() => follower.current?.isFollowing ?? true, [])
  const subscribe = useCallback((listener: () => void) => {
    listeners.current.add(listener)
    return () => void listeners.current.delete(listener)
  }, [])
  const isFollowing = useSyncExternalStore(subscribe, checkFollowing)
  return useMemo(
    () => ({
      scroller,
      content,
      isFollowing,
      goToEnd: () => follower.current?.goToEnd(),
      stay: () => follower.current?.stay(),
      checkWhole: () => follower.current?.checkWhole(),
      checkFollowing,
    }),
    [isFollowing, checkFollowing],
  )
}
