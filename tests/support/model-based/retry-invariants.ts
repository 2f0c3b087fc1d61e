import { expect } from 'vitest'
import { findOriginalId, type MessageRecord } from '../../../src/model/message.ts'
import type { StoredChats } from '../storage/stored-chat.ts'

type StoredSession = StoredChats['sessions'][number]

/** Retries stand in the place of a session, copies name their originals, and the messages of a turn name the turn. */
export function assertRetryInvariants(stored: StoredChats): void {
  const sessions = new Map(stored.sessions.map((session) => [session.id, session]))
  for (const session of stored.sessions) assertPlace(session, sessions)
  const roots = new Map(stored.indexedSessions.map(({ id, root_id }) => [id, root_id]))
  if (stored.pendingSessionCount === 0)
    for (const session of stored.sessions) expect(roots.get(session.id)).toBe(findRootId(session, sessions))
  const messages = new Map(stored.messages.map((message) => [message.id, message]))
  for (const message of stored.messages) assertOriginal(message, messages)
  assertStandIns(stored, messages)
  for (const { userMessageId, messageId } of stored.streams) {
    const { turnId } = messages.get(userMessageId) ?? {}
    expect(turnId).toBeDefined()
    // The answer has no row while it is streaming.
    const answer = messages.get(messageId ?? '')
    if (answer) expect(answer.turnId).toBe(turnId)
  }
}

/** No chain of retries, and nothing that a retry would inherit besides its copies. */
function assertPlace(
  { retry_of, takes_place_of, parent_session_id, forked_from }: StoredSession,
  sessions: ReadonlyMap<string, StoredSession>,
): void {
  if (retry_of !== null) expect(forked_from).toBeNull()
  if (takes_place_of === null) return
  expect(retry_of).not.toBeNull()
  expect(parent_session_id).toBeNull()
  expect(sessions.get(takes_place_of)?.takes_place_of).toBeNull()
}

function findRootId(session: StoredSession, sessions: ReadonlyMap<string, StoredSession>): string {
  const place = sessions.get(session.takes_place_of ?? '')
  const parent = sessions.get(session.parent_session_id ?? '')
  const above = place ?? (parent?.end_reason === 'compression' ? parent : undefined)
  return above ? findRootId(above, sessions) : session.id
}

function assertOriginal(message: MessageRecord, messages: ReadonlyMap<string, MessageRecord>): void {
  const original = messages.get(findOriginalId(message))
  if (!original || original === message) return
  expect(original.copyOf).toBeUndefined()
  expect(message).toMatchObject({ role: original.role, createdAt: original.createdAt })
  expect(message.turnId).toBe(original.turnId)
}

/** One copy stands in for a message that is gone, and none for one that is there. */
function assertStandIns(stored: StoredChats, messages: ReadonlyMap<string, MessageRecord>): void {
  const standIns = new Set(stored.standInIds)
  const copies = stored.messages.filter(({ copyOf }) => copyOf !== undefined)
  for (const [originalId, group] of Map.groupBy(copies, findOriginalId))
    expect(group.filter(({ id }) => standIns.has(id))).toHaveLength(messages.has(originalId) ? 0 : 1)
}
