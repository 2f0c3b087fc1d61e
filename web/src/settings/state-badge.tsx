import styles from './settings.module.css'

interface StateBadgeProps {
  readonly tone: 'good' | 'bad' | 'warm' | 'quiet'
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
