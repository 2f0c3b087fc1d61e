import type { EventStore } from '../../storage/event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'

const pageSize = 500 // events

/** A session's events behind a seq, up to and with another one, in pages between which everybody else has a turn. */
export async function* readLogPages(
  store: EventStore,
  { sessionId, after, upTo }: { readonly sessionId: string; readonly after: number; readonly upTo: number },
): AsyncGenerator<readonly ChatEvent[], void, void> {
  let cursor = after
  while (cursor < upTo) {
    const events = await store.readEvents({ sessionId, after: cursor, limit: pageSize })
    if (events.length === 0) return
    yield events.filter(({ seq }) => seq <= upTo)
    cursor = events.at(-1)?.seq ?? upTo
    await yieldToEventLoop()
  }
}
