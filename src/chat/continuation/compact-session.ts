import type { FoundModel } from '../../agent/models/model-registry.ts'
import { AgentError } from '../../agent/agent.ts'
import { badInput, SegueError } from '../../lib/errors.ts'
import { newSession, titleOf } from '../../sessions/session-repository.ts'
import type { NewSession, RequestKey } from '../../storage/event-store.ts'
import type { MessageRecord, SessionRecord } from '../../model/records.ts'
import type { Environment } from '../../lib/runtime.ts'
import { positionsBefore } from '../../model/fold-message.ts'
import type { Transcripts } from '../context/message-queries.ts'

export interface Compaction {
  readonly session: SessionRecord
  readonly transcripts: Transcripts
  readonly model: FoundModel
  readonly key: RequestKey | null
  readonly env: Environment
  readonly signal: AbortSignal
}

/**
 * The session that goes on where a compacted one ends: it has its title, its model and its settings, and a summary of
 * all that was said as its first message. Nothing is stored yet. Throws BAD_USER_INPUT when nothing was said, PROVIDER
 * when there is no summary to be had.
 */
export async function successorOf(compaction: Compaction): Promise<NewSession> {
  const { session, transcripts, model, key, env, signal } = compaction
  const said = await transcripts.context(session)
  if (said.every(({ summary }) => summary)) throw badInput('There is nothing to summarise yet.', 'id')
  const messages = await transcripts.history(session, model.window)(null)
  const { text, usage } = await model.writer.summarise({ model: model.name, messages, signal }).catch(providerFault)
  if (text.trim() === '') throw new SegueError('PROVIDER', 'The model wrote no summary. The session is as it was.')
  const at = env.now()
  const { profile, pinned, archived } = session
  const successor = newSession({
    at,
    ...titleOf(session),
    profile,
    model: session.model,
    pinned,
    archived,
    parentId: session.id,
    usage,
  })
  const summary: MessageRecord = {
    id: env.newId('message'),
    sessionId: successor.id,
    position: null,
    withdrawn: false,
    role: 'SYSTEM',
    summary: true,
    status: 'COMPLETE',
    parts: [{ type: 'text', text: text.toWellFormed() }],
    createdAt: at,
    streamId: null,
    model: model.id,
    usage,
  }
  return {
    session: successor,
    messages: positionsBefore([summary]),
    grantsOf: session.id,
    ...(key && { key }),
  }
}

function providerFault(error: unknown): never {
  if (error instanceof AgentError) {
    throw new SegueError('PROVIDER', `${error.message} The session is as it was.`)
  }
  throw error
}
