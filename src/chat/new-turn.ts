import type { FoundModel } from '../agent/models.ts'
import { type MessageRecord, noUsage, type SessionRecord, type StreamRecord } from '../storage/records.ts'
import type { Environment } from './environment.ts'
import type { ChatRequest } from './request.ts'
import type { NewTurn } from './session-chat.ts'

export interface TurnOptions {
  readonly request: ChatRequest
  readonly session: SessionRecord
  /** The session is made together with the turn. */
  readonly isNew: boolean
  readonly model: FoundModel
  readonly key: NewTurn['key']
  readonly env: Environment
}

/** The rows with which a turn begins, none of them stored or placed yet. */
export function newTurn({ request, session, isNew, model, key, env }: TurnOptions): NewTurn {
  const at = env.now()
  const sessionId = session.id
  const streamId = env.newId('stream')
  const userMessage: MessageRecord = {
    id: env.newId('message'),
    sessionId,
    position: null,
    withdrawn: false,
    role: 'USER',
    status: 'COMPLETE',
    parts: [{ type: 'text', text: request.text.toWellFormed() }],
    createdAt: at,
    streamId,
    model: null,
    usage: null,
  }
  const stream: StreamRecord = {
    id: streamId,
    sessionId,
    status: 'RUNNING',
    generation: 1,
    model: model.id,
    userMessageId: userMessage.id,
    messageId: null,
    usage: noUsage,
    step: null,
    startedAt: at,
    finishedAt: null,
    firstSeq: 0,
    lastSeq: 0,
    error: null,
  }
  return { stream, userMessage, model, key, create: isNew ? session : null }
}
