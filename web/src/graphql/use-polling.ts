import { useEffect } from 'react'

/** Calls at an interval while the page is shown. Null: not at all. */
export function usePolling(call: () => void, intervalMs: number | null): void {
  useEffect(() => {
    if (intervalMs === null) return undefined
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') call()
    }, intervalMs)
    return () => clearInterval(timer)
  }, [call, intervalMs])
}
