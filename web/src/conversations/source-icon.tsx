import { CalendarClock, Globe, MessageSquare, Plug, Send, SquareTerminal, Wrench } from 'lucide-react'
import type { Channel } from 'segue-client'
import { strings } from '../strings/strings.ts'
import styles from './source-icon.module.css'

interface SourceIconProps {
  readonly channel: Channel
  /** The client that a session was held in, such as `telegram`. */
  readonly source: string
}

const icons = {
  SEGUE: MessageSquare,
  CLI: SquareTerminal,
  WEB: Globe,
  MESSAGING: Send,
  API: Plug,
  TOOL: Wrench,
  CRON: CalendarClock,
  OTHER: MessageSquare,
} as const satisfies Record<Channel, unknown>

/** Where a session was held: in a terminal, on Telegram, in the web. */
export function SourceIcon({ channel, source }: SourceIconProps) {
  // A newer server may send channels that this page does not know.
  const Icon = icons[channel] ?? icons.OTHER
  const label = toSourceName(source)
  return (
    <span className={styles.source} role="img" aria-label={label} title={label}>
      <Icon aria-hidden="true" />
    </span>
  )
}

/** The name of a source for people. */
export function toSourceName(source: string): string {
  const names: Readonly<Record<string, string>> = strings.sidebar.sources
  return names[source] ?? source
}
