import { Link } from 'wouter'
import { usePathname } from 'wouter/use-browser-location'
import { navigationEntries } from '../routing/navigation-entries.ts'
import styles from './navigation.module.css'

/** The way to the views that are no chats. */
export function Navigation() {
  const path = usePathname()
  return (
    <ul className={styles.list}>
      {navigationEntries.map(({ href, label, Icon }) => (
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
