import type { ResolvedModel } from '../../agent/models/model-registry.ts'
import type { CreateSessionRequest } from '../../storage/event-store.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { noUsage } from '../../model/usage.ts'
import type { Environment } from '../../lib/runtime.ts'
import type { NewTurn } from '../runtime/session-actor.ts'
import { titleFromMessage } from './derive-title.ts'

export interface CreateTurnOptions {
  /** What the user says. */
  readonly parts: readonly MessagePart[]
  /** The session that it is said in, or one that is made together with the turn. */
  readonly session: SessionRecord | CreateSessionRequest
  readonly model: ResolvedModel
  readonly idempotencyKey: NewTurn['idempotencyKey']
  readonly env: Environment
}

/** The rows with which a turn begins, none of them stored or placed yet. */
export function createTurn({ parts, session: target, model, idempotencyKey, env }: CreateTurnOptions): NewTurn {
  const at = env.now()
  const sessionToCreate = 'session' in target ? target : null
  const session = 'session' in target ? target.session : target
  const sessionId = session.id
  const streamId = env.newId('stream')
  const userMessage: MessageRecord = {
    id: env.newId('message'),
    sessionId,
    position: null,
    withdrawn: false,
    role: 'USER',
    status: 'COMPLETE',
    parts,
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
  const title = session.title === null ? titleFromMessage(parts) : null
  return { stream, userMessage, model, idempotencyKey, sessionToCreate, title }
}
