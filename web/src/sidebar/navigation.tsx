import { CalendarClock, ChartColumn, Settings } from 'lucide-react'
import { Link } from 'wouter'
import { usePathname } from 'wouter/use-browser-location'
import { routes } from '../app/routes.ts'
import { strings } from '../strings/strings.ts'
import styles from './navigation.module.css'

const entries = [
  { href: routes.jobs, label: strings.navigation.jobs, Icon: CalendarClock },
  { href: routes.usage, label: strings.navigation.usage, Icon: ChartColumn },
  { href: routes.settings, label: strings.navigation.settings, Icon: Settings },
]

/** The way to the views that are no chats. */
export function Navigation() {
  const path = usePathname()
  return (
    <ul className={styles.list}>
      {entries.map(({ href, label, Icon }) => (
        <li key={href}>
          <Link
            href={href}
            className={styles.link}
            aria-current={path === href || path.startsWith(`${href}/`) ? 'page' : undefined}
          >
            <Icon aria-hidden="true" />
            {label}
          </Link>
        </li>
      ))}
    </ul>
  )
}

export { entries as navigationEntries }
