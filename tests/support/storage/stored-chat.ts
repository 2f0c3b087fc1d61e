import { existsSync } from 'node:fs'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { ContextCheckpoint } from '../../../src/model/context/context-checkpoint.ts'
import type { DecisionRecord } from '../../../src/model/decision.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import {
  contextCheckpointFromRow,
  type ContextCheckpointRow,
} from '../../../src/storage/rows/context-checkpoint-row.ts'
import { decisionFromRow, type DecisionRow } from '../../../src/storage/rows/decision-row.ts'
import { eventFromRow, type EventRow } from '../../../src/storage/rows/event-row.ts'
import { messageFromRow, type MessageRow } from '../../../src/storage/rows/message-row.ts'
import type { SessionRow } from '../../../src/storage/rows/session-row.ts'
import { streamFromRow, type StreamRow } from '../../../src/storage/rows/stream-row.ts'
import { TestDatabase } from './test-database.ts'

/** All rows of a profile's chats. */
export interface StoredChats {
  readonly sessions: readonly (SessionRow & { message_count: number })[]
  readonly streams: readonly StreamRecord[]
  readonly messages: readonly MessageRecord[]
  readonly events: readonly ChatEvent[]
  readonly decisions: readonly DecisionRecord[]
  readonly checkpoints: readonly ContextCheckpoint[]
  /** The rows of the conversation index. */
  readonly indexedSessions: readonly { readonly id: string; readonly root_id: string }[]
  /** How many sessions the conversation index does not reflect yet. */
  readonly pendingSessionCount: number
  /** The ids of the copies that stand in for deleted messages. */
  readonly standInIds: readonly string[]
}

const noChats: StoredChats = {
  sessions: [],
  streams: [],
  messages: [],
  events: [],
  decisions: [],
  checkpoints: [],
  indexedSessions: [],
  pendingSessionCount: 0,
  standInIds: [],
}

/** Reads a database with a connection of its own. A database that does not exist has no rows. */
export function readStoredChats(path: string): StoredChats {
  if (!existsSync(path)) return noChats
  using database = new TestDatabase(path, { readonly: true })
  return {
    sessions: database.all<SessionRow & { message_count: number }>('SELECT * FROM sessions ORDER BY id'),
    streams: database.all<StreamRow>('SELECT * FROM streams ORDER BY id').map(streamFromRow),
    messages: database
      .all<MessageRow>('SELECT * FROM messages ORDER BY session_id, position')
      .map((row) => messageFromRow(row, 'default')),
    events: database.all<EventRow>('SELECT * FROM events ORDER BY session_id, seq').map(eventFromRow),
    decisions: database.all<DecisionRow>('SELECT * FROM decisions ORDER BY id').map(decisionFromRow),
    checkpoints: database
      .all<ContextCheckpointRow>('SELECT * FROM context_checkpoints ORDER BY session_id')
      .map(contextCheckpointFromRow),
    indexedSessions: database.all<{ id: string; root_id: string }>('SELECT id, root_id FROM conversation_sessions'),
    pendingSessionCount: database.all(
      'SELECT id FROM pending_sessions UNION ALL SELECT parent_id FROM pending_children UNION ALL SELECT id FROM pending_rechecks',
    ).length,
    standInIds: database.all<{ id: string }>('SELECT id FROM messages WHERE stands_in = 1').map(({ id }) => id),
  }
}
