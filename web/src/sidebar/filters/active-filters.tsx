import { X } from 'lucide-react'
import { chooseChats, useChatFilter } from '../../conversations/chat-filter.ts'
import { strings } from '../../strings/strings.ts'
import styles from './active-filters.module.css'

const text = strings.sidebar

/** What narrows the list, each with the way to take it away: nobody should look for a chat that a filter hides. */
export function ActiveFilters() {
  const { channels, origin, isArchive } = useChatFilter()
  const filters = [
    ...(isArchive ? [{ name: text.archive, remove: () => chooseChats({ isArchive: false }) }] : []),
    ...channels.map((channel) => ({
      name: text.channels[channel],
      remove: () => chooseChats({ channels: channels.filter((other) => other !== channel) }),
    })),
    ...(origin ? [{ name: text.storedBy[origin], remove: () => chooseChats({ origin: null }) }] : []),
  ]
  if (filters.length === 0) return null
  return (
    <ul className={styles.filters} aria-label={text.activeFilters}>
      {filters.map(({ name, remove }) => (
        <li key={name}>
          <button type="button" className={styles.filter} aria-label={text.removeFilter(name)} onClick={remove}>
            {name}
            <X aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  )
}
