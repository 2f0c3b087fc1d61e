import type { Conversation } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import type { ChatSections } from './use-chat-sections.ts'

/** A heading or a chat of the list. Its `key` is unique in the list. */
export type ListItem =
  | { readonly type: 'heading'; readonly key: string; readonly text: string }
  | { readonly type: 'chat'; readonly key: string; readonly conversation: Conversation }

type Sections = Pick<ChatSections, 'needsPerson' | 'pinned' | 'others'>

/** The items of a list, with what they were made of. */
export interface ListItems {
  readonly sections: Sections
  readonly today: Date
  readonly items: readonly ListItem[]
  /** Of the last item. */
  readonly dayStart: number
}

/**
 * The list: what needs a person, what is pinned, then the others by the day of their last activity. Each chat is in it once:
 * the lists that these come from change one after the other, so that one may be in two of them for a moment. Of a list that
 * goes on behind the previous one, only what is new is read.
 */
export function toListItems(previous: ListItems | null, sections: Sections, today: Date): ListItems {
  const { needsPerson, pinned, others } = sections
  const above = new Set(needsPerson.map(({ id }) => id))
  const pinnedOnly = pinned.filter(({ id }) => !above.has(id))
  for (const { id } of pinnedOnly) above.add(id)
  const base =
    previous && continues(previous, sections, today)
      ? previous
      : {
          sections: { ...sections, others: [] },
          items: [
            ...toSection('needs-person', strings.sidebar.needsYou, needsPerson),
            ...toSection('pinned', strings.sidebar.pinned, pinnedOnly),
          ],
          // Nothing is before the end of time: the first conversation begins a day.
          dayStart: Infinity,
        }
  const added = others.slice(base.sections.others.length).filter(({ id }) => !above.has(id))
  const days = toDays(added, today, base.dayStart)
  return { sections, today, items: base.items.concat(days.items), dayStart: days.dayStart }
}

function continues(previous: ListItems, { needsPerson, pinned, others }: Sections, today: Date): boolean {
  const { sections } = previous
  return (
    sections.needsPerson === needsPerson &&
    sections.pinned === pinned &&
    previous.today === today &&
    sections.others.every((conversation, index) => conversation === others[index])
  )
}

function toSection(key: string, text: string, conversations: readonly Conversation[]): ListItem[] {
  return conversations.length === 0 ? [] : [{ type: 'heading', key, text }, ...conversations.map(toItem)]
}

function toItem(conversation: Conversation): ListItem {
  return { type: 'chat', key: conversation.id, conversation }
}

function toDays(
  conversations: readonly Conversation[],
  now: Date,
  lastDayStart: number,
): Pick<ListItems, 'items' | 'dayStart'> {
  const items: ListItem[] = []
  let dayStart = lastDayStart
  for (const conversation of conversations) {
    if (conversation.lastActivityAt < dayStart) {
      dayStart = startOfDay(conversation.lastActivityAt)
      items.push({ type: 'heading', key: `day ${dayStart}`, text: nameDay(dayStart, now) })
    }
    items.push(toItem(conversation))
  }
  return { items, dayStart }
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

/** Today, yesterday, the weekday within a week, else the date. */
function nameDay(dayStart: number, now: Date): string {
  // Days have 23 to 25 hours.
  const daysAgo = Math.round((startOfDay(now.getTime()) - dayStart) / 86_400_000)
  if (daysAgo <= 0) return strings.sidebar.today
  if (daysAgo === 1) return strings.sidebar.yesterday
  const day = new Date(dayStart)
  const { weekdays, dayOfYear, dayOfAnyYear } = strings.sidebar.days
  if (daysAgo < 7) return weekdays[day.getDay()] ?? ''
  return day.getFullYear() === now.getFullYear() ? dayOfYear(day) : dayOfAnyYear(day)
}
