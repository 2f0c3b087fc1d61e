import type { ShownMcpServerFragment } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { StateBadge } from '../../components/state-badge/state-badge.tsx'
import styles from '../settings.module.css'

interface McpToolListProps {
  readonly tools: ShownMcpServerFragment['tools']
  readonly label: string
}

/** What the tools do, in the words of their server, and whether they run without being asked for. */
export function McpToolList({ tools, label }: McpToolListProps) {
  const text = strings.settingsView.mcp
  return (
    <ul className={styles.tools} aria-label={label}>
      {tools.map(({ name, description, policy, readOnly }) => (
        <li key={name}>
          <div className={styles.itemHeader}>
            <code>{name}</code>
            <span className={styles.hint}>{text.policies[policy]}</span>
            {readOnly && <StateBadge tone="quiet">{text.readOnly}</StateBadge>}
          </div>
          <p className={styles.description}>{description ?? text.noDescription}</p>
        </li>
      ))}
    </ul>
  )
}
