import type { FoundModel } from '../../agent/models/model-registry.ts'
import type { NewSession } from '../../storage/event-store.ts'
import type { MessagePart, MessageRecord, SessionRecord, StreamRecord } from '../../model/records.ts'
import { noUsage } from '../../model/records.ts'
import type { Environment } from '../../lib/runtime.ts'
import type { NewTurn } from '../runtime/session-actor.ts'
import { titleFrom } from './derive-title.ts'

export interface TurnOptions {
  /** What the user says. */
  readonly parts: readonly MessagePart[]
  /** The session that it is said in, or one that is made together with the turn. */
  readonly session: SessionRecord | NewSession
  readonly model: FoundModel
  readonly key: NewTurn['key']
  readonly env: Environment
}

/** The rows with which a turn begins, none of them stored or placed yet. */
export function newTurn({ parts, session: given, model, key, env }: TurnOptions): NewTurn {
  const at = env.now()
  const create = 'session' in given ? given : null
  const session = 'session' in given ? given.session : given
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
  const title = session.title === null ? titleFrom(parts) : null
  return { stream, userMessage, model, key, create, title }
}
