import { useEffect, useState } from 'react'
import { formatDuration } from '../formats/format-duration.ts'

/** How long ago something began, counted on each second. `since` is in epoch milliseconds, by the server's clock. */
export function LiveDuration({ since }: { readonly since: number }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return formatDuration(Math.floor(Math.max(0, now - since) / 1000) * 1000)
}
