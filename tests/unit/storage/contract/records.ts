import type { IdempotencyKeyRecord } from '../../../../src/storage/idempotency-key.ts'
import { newId } from '../../../../src/lib/ids.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { ApprovalRecord } from '../../../../src/model/decision.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import type { SegueStorage } from '../../../../src/storage/profile-storage.ts'
import { newStream } from '../../../support/fixtures/generators.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'

export const firstPage = { after: null, before: null, limit: 1_001, backwards: false }
export const usage = { estimated: false, inputTokens: 3, outputTokens: 5, reasoningTokens: 2, cachedInputTokens: 1 }

export const sessionOf = (overrides: Partial<SessionRecord> = {}): SessionRecord =>
  newSession({ profile: 'work', title: null, titleSource: null, model: null, at: 1_000, ...overrides })

/** Stores a session that has one message, unless other messages are given. */
export async function addSession(
  { eventStore }: SegueStorage,
  overrides: Partial<SessionRecord> = {},
  messages?: readonly MessageRecord[],
): Promise<SessionRecord> {
  const session = sessionOf(overrides)
  await eventStore.createSession({ session, messages: messages ?? [newTextMessage(session.id, 'Hello', 2)] })
  return session
}

export const streamOf = (session: SessionRecord, overrides: Partial<StreamRecord> = {}): StreamRecord =>
  newStream({ id: newId('stream'), sessionId: session.id, userMessageId: newId('message'), ...overrides })

export const deltaOf = (stream: StreamRecord, seq: number, text = 'x'): ChatEvent => ({
  type: 'TextDelta',
  seq,
  at: 1_000 + seq,
  sessionId: stream.sessionId,
  streamId: stream.id,
  messageId: 'msg_answer',
  partIndex: 0,
  offset: seq - 1,
  text,
})

export const approvalOf = (session: SessionRecord, overrides: Partial<ApprovalRecord> = {}): ApprovalRecord => ({
  id: newId('approval'),
  kind: 'approval',
  sessionId: session.id,
  streamId: 'str_1',
  messageId: 'msg_1',
  partIndex: 0,
  toolCall: {
    id: 'tcl_1',
    providerId: null,
    name: 'look',
    argumentsText: '{}',
    argumentsWhole: true,
    state: 'AWAITING_APPROVAL',
    result: null,
    error: null,
    startedAt: null,
    finishedAt: null,
  },
  state: 'PENDING',
  requestedAt: 1_000,
  expiresAt: null,
  resolvedAt: null,
  description: 'look {}',
  choices: ['ONCE', 'DENY'],
  decision: null,
  ...overrides,
})

export const idempotencyKeyOf = (key: string, overrides: Partial<IdempotencyKeyRecord> = {}): IdempotencyKeyRecord => ({
  key,
  fingerprint: 'print',
  createdId: null,
  outcome: null,
  isPending: false,
  createdAt: 1_000,
  ...overrides,
})
