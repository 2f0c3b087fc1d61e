import { useEffect, useState } from 'react'

const secondMs = 1000
/** What is further away is shown without seconds. */
const longestCountdownMs = 3_600_000

/** The time in epoch milliseconds, which goes on by seconds until another one has come. */
export function useNow(until: number): number {
  const [now, setNow] = useState(Date.now)
  const isWaiting = until > now
  useEffect(() => {
    if (!isWaiting) return undefined
    const interval = until - Date.now() > longestCountdownMs ? 60 * secondMs : secondMs
    const timer = setInterval(() => setNow(Date.now()), interval)
    return () => clearInterval(timer)
  }, [isWaiting, until])
  return now
}
