import styles from './state-badge.module.css'

export type Tone = 'good' | 'bad' | 'warm' | 'active' | 'quiet'

interface StateBadgeProps {
  readonly tone: Tone
  readonly children: string
}

/** The state of something in a few words. */
export function StateBadge({ tone, children }: StateBadgeProps) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {children}
    </span>
  )
}
