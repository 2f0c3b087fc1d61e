import { type RefObject, useEffect, useRef, useState } from 'react'
import type { VirtualizerHandle } from 'virtua'

interface PagedList {
  readonly hasMore: boolean
  readonly loadMore: () => Promise<void>
}

const rowsAhead = 40

/** Reads more when what is shown comes near to the end of what was read: call the result after each scroll. */
export function useLoadNear(
  virtualizer: RefObject<VirtualizerHandle | null>,
  count: number,
  { hasMore, loadMore }: PagedList,
): () => void {
  const isLoading = useRef(false)
  const [, setLoadedCount] = useState(0)
  const load = async (): Promise<void> => {
    const list = virtualizer.current
    if (!list || !hasMore || isLoading.current) return
    if (list.findItemIndex(list.scrollOffset + list.viewportSize) < count - rowsAhead) return
    isLoading.current = true
    try {
      await loadMore()
      // Renders again, to read the next page if this one does not reach far enough.
      setLoadedCount((loaded) => loaded + 1)
    } catch {
      // What the server refuses is tried again with the next scroll.
    } finally {
      isLoading.current = false
    }
  }
  useEffect(() => void load())
  return () => void load()
}
