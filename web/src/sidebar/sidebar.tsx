import { Command, SquarePen } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { Link } from 'wouter'
import { routes } from '../routing/routes.ts'
import { ThemeSwitch } from '../theme/theme-switch.tsx'
import { useServerInfo } from '../graphql/server-info.ts'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { showKeyboardPanel } from '../keyboard/keyboard-panel.ts'
import { toAriaKeyShortcuts } from '../shortcuts/shortcut-keys.ts'
import { globalShortcuts } from '../shortcuts/shortcut-registry.ts'
import { InboxLink } from '../inbox/inbox-link.tsx'
import { ProfileSwitch } from '../profiles/profile-switch.tsx'
import { SearchField } from '../search/search-field.tsx'
import { strings } from '../strings/strings.ts'
import { ActiveFilters } from './filters/active-filters.tsx'
import { FilterButton } from './filters/filter-button.tsx'
import { ChatList } from './list/chat-list.tsx'
import { Navigation } from './navigation.tsx'
import styles from './sidebar.module.css'
import { loadPatiently } from '../components/errors/load-patiently.ts'

const SearchResults = lazy(loadPatiently(() => import('../search/search-results.tsx')))

/** The way to a new chat, to all chats, and to the other views. */
export function Sidebar() {
  const version = useServerInfo()?.version ?? null
  const [query, setQuery] = useState('')
  const searched = query.trim()
  const list = useRef<HTMLDivElement>(null)
  const goToList = (): void => list.current?.querySelector<HTMLElement>('a:not([tabindex="-1"])')?.focus()
  return (
    <nav className={styles.sidebar} aria-label={strings.sidebar.label}>
      <ProfileSwitch />
      <Link href={routes.home} className={styles.newChat}>
        <SquarePen aria-hidden="true" />
        {strings.sidebar.newChat}
      </Link>
      <InboxLink />
      <div className={styles.find}>
        <SearchField query={query} onChange={setQuery} onLeave={goToList} />
        <FilterButton />
      </div>
      <ActiveFilters />
      <div className={styles.chats} ref={list}>
        {searched === '' ? (
          <ChatList />
        ) : (
          <Suspense>
            <SearchResults query={searched} />
          </Suspense>
        )}
      </div>
      <Navigation />
      <footer className={styles.footer}>
        <span>{version !== null && `${strings.appName} ${version}`}</span>
        <IconButton
          className={styles.palette ?? ''}
          label={strings.keyboard.palette}
          aria-keyshortcuts={toAriaKeyShortcuts(globalShortcuts.palette)}
          onClick={() => showKeyboardPanel('palette')}
        >
          <Command />
        </IconButton>
        <ThemeSwitch />
      </footer>
    </nav>
  )
}
