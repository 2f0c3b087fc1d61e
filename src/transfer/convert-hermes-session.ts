import { positionsBefore } from '../model/fold-message.ts'
import { idFor } from '../lib/ids.ts'
import { keptFileOf, type MessageRecord, type SessionRecord } from '../model/records.ts'
import type { SessionSource } from '../storage/session-reader.ts'
import type { RecordIn } from './document-schema.ts'
import { sessionForm } from './document-session.ts'

const pageSize = 1000 // messages

/** A session of Hermes as one that is kept here. */
export interface HermesCopy {
  readonly session: RecordIn<'sessions'>
  readonly messages: readonly MessageRecord[]
}

/** The id that a session of Hermes has where it is kept here: always the same. */
export function copyId({ id, startedAt }: SessionRecord): string {
  return idFor('session', id, startedAt)
}

/**
 * A session of Hermes as it would be one of ours. Its model is left out, for it is none of ours; its tool calls keep
 * their ids, and so its messages their digests. What Hermes shows and sends to no model any more counts as taken back;
 * what it sends and shows nobody is left out. `parent` is what it continues.
 */
export async function hermesCopy(
  session: SessionRecord,
  parent: SessionRecord | null,
  hermes: SessionSource,
): Promise<HermesCopy> {
  const id = copyId(session)
  const sent = new Set((await hermes.contextMessages(session.id)).map((message) => message.id))
  const shown: MessageRecord[] = []
  for await (const message of shownIn(session.id, hermes)) {
    const name = idFor('message', message.id, message.createdAt)
    // Of Hermes' sessions each tells all that its model knows, as ours do which begin with a summary.
    const isFirst = parent !== null && sent.has(message.id) && shown.every(({ withdrawn }) => withdrawn)
    const withdrawn = !sent.has(message.id)
    shown.push({ ...message, id: name, sessionId: id, withdrawn, ...(isFirst && { summary: true }) })
  }
  const files = new Set(shown.flatMap(({ parts }) => parts.flatMap((part) => keptFileOf(part) ?? [])))
  const parentId = parent && copyId(parent)
  const beside = { parentId, key: null, files: [...files].toSorted() }
  return { session: sessionForm({ ...session, id, model: null }, beside), messages: positionsBefore(shown) }
}

async function* shownIn(sessionId: string, hermes: SessionSource): AsyncGenerator<MessageRecord> {
  for (let after: number | null = null; ;) {
    const page = await hermes.messagePage(sessionId, { after, before: null, limit: pageSize, backwards: false })
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)?.position ?? null
  }
}
