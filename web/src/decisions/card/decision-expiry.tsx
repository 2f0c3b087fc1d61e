import { useEffect, useState } from 'react'
import { strings } from '../../strings/strings.ts'
import styles from './decision-card.module.css'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

/** How long a decision can still be answered. Under two minutes it counts the seconds. */
export function DecisionExpiry({ expiresAt }: { readonly expiresAt: number }) {
  const [now, setNow] = useState(() => Date.now())
  const leftMs = expiresAt - now
  const isClose = leftMs < 2 * minuteMs
  const hasExpired = leftMs <= 0
  useEffect(() => {
    if (hasExpired) return
    const timer = setInterval(() => setNow(Date.now()), isClose ? secondMs : 10 * secondMs)
    return () => clearInterval(timer)
  }, [isClose, hasExpired])
  return (
    <time
      className={styles.expiry}
      data-close={isClose || undefined}
      dateTime={new Date(expiresAt).toISOString()}
      title={new Date(expiresAt).toLocaleTimeString()}
    >
      {hasExpired ? strings.decisions.expires : strings.decisions.expiresIn(formatDuration(leftMs))}
    </time>
  )
}

function formatDuration(ms: number): string {
  const { hours, minutes, seconds } = strings.decisions
  if (ms < 2 * minuteMs) return seconds(Math.ceil(ms / secondMs))
  return ms < 2 * hourMs ? minutes(Math.round(ms / minuteMs)) : hours(Math.round(ms / hourMs))
}
