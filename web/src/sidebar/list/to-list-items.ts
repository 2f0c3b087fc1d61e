import type { Conversation } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import type { ChatSections } from './use-chat-sections.ts'

/** A heading or a chat of the list. Its `key` is unique in the list. */
export type ListItem =
  | { readonly type: 'heading'; readonly key: string; readonly text: string }
  | { readonly type: 'chat'; readonly key: string; readonly conversation: Conversation }

/**
 * The list: what needs a person, what is pinned, then the others by the day of their last activity. Each chat is in it once:
 * the lists that these come from change one after the other, so that one may be in two of them for a moment.
 */
export function toListItems(
  { needsPerson, pinned, others }: Pick<ChatSections, 'needsPerson' | 'pinned' | 'others'>,
  now: Date,
): ListItem[] {
  const above = new Set(needsPerson.map(({ id }) => id))
  const pinnedOnly = pinned.filter(({ id }) => !above.has(id))
  for (const { id } of pinnedOnly) above.add(id)
  return [
    ...toSection('needs-person', strings.sidebar.needsYou, needsPerson),
    ...toSection('pinned', strings.sidebar.pinned, pinnedOnly),
    ...toDays(above.size === 0 ? others : others.filter(({ id }) => !above.has(id)), now),
  ]
}

function toSection(key: string, text: string, conversations: readonly Conversation[]): ListItem[] {
  return conversations.length === 0 ? [] : [{ type: 'heading', key, text }, ...conversations.map(toItem)]
}

function toItem(conversation: Conversation): ListItem {
  return { type: 'chat', key: conversation.id, conversation }
}

function toDays(conversations: readonly Conversation[], now: Date): ListItem[] {
  const items: ListItem[] = []
  // Nothing is before the end of time: the first conversation begins a day.
  let dayStart = Infinity
  for (const conversation of conversations) {
    if (conversation.lastActivityAt < dayStart) {
      dayStart = startOfDay(conversation.lastActivityAt)
      items.push({ type: 'heading', key: `day ${dayStart}`, text: nameDay(dayStart, now) })
    }
    items.push(toItem(conversation))
  }
  return items
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

const weekday = new Intl.DateTimeFormat('en', { weekday: 'long' })
const dayOfYear = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'long' })
const dayOfAnyYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })

/** Today, yesterday, the weekday within a week, else the date. */
function nameDay(dayStart: number, now: Date): string {
  // Days have 23 to 25 hours.
  const daysAgo = Math.round((startOfDay(now.getTime()) - dayStart) / 86_400_000)
  if (daysAgo <= 0) return strings.sidebar.today
  if (daysAgo === 1) return strings.sidebar.yesterday
  if (daysAgo < 7) return weekday.format(dayStart)
  const isThisYear = new Date(dayStart).getFullYear() === now.getFullYear()
  return (isThisYear ? dayOfYear : dayOfAnyYear).format(dayStart)
}
