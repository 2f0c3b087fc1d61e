import type { EventStore } from '../../storage/event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'

const pageSize = 500 // events

/** Reads the events of a session with after < seq ≤ upTo, page by page. Yields to the event loop between pages. */
export async function* readEventPages(
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
