import type { ChatEvent } from '../../model/chat-event.ts'

/** All events of sessions, session by session. `readPage` reads some of those after a seq, and none only at the end. */
export async function* readEventPages(
  sessionIds: readonly string[],
  readPage: (sessionId: string, after: number) => Promise<readonly ChatEvent[]>,
): AsyncGenerator<ChatEvent> {
  for (const sessionId of sessionIds) {
    for (let after = 0; ;) {
      const events = await readPage(sessionId, after)
      yield* events
      const last = events.at(-1)
      if (!last) break
      after = last.seq
    }
  }
}
