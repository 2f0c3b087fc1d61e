import { CalendarClock, ChartColumn, Settings } from 'lucide-react'
import { strings } from '../strings/strings.ts'
import { routes } from './routes.ts'

/** The views that are no chats, in the sidebar and in the command palette. */
export const navigationEntries = [
  { href: routes.jobs, label: strings.navigation.jobs, Icon: CalendarClock },
  { href: routes.usage, label: strings.navigation.usage, Icon: ChartColumn },
  { href: routes.settings, label: strings.navigation.settings, Icon: Settings },
]
