import type { FoundModel, Models } from '../../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../../lib/errors.ts'
import type { Sessions } from '../../sessions/session-repository.ts'
import type { RequestKey } from '../../storage/event-store.ts'
import type { SessionRecord, StreamRecord } from '../../model/records.ts'
import { aborted } from '../../lib/reject-on-abort.ts'
import { successorOf } from './compact-session.ts'
import { modelContext } from '../context/to-model-messages.ts'
import type { Environment } from '../../lib/runtime.ts'
import { tokensOf } from '../../agent/estimate-tokens.ts'
import type { SessionChat } from '../runtime/session-actor.ts'
import { titleFromModel } from '../turn/derive-title.ts'
import type { Transcripts } from '../context/message-queries.ts'

export interface SequelsOptions {
  readonly sessions: Sessions
  readonly models: Pick<Models, 'find'>
  readonly transcripts: Transcripts
  readonly chat: (session: SessionRecord) => SessionChat
  readonly env: Environment
  readonly compactAt?: number
  readonly titles?: boolean
  readonly onProblem: (error: unknown, what: string) => void
}

const lost: ReadonlySet<string> = new Set(['SESSION_BUSY', 'STALE', 'NOT_FOUND'])

/** What becomes of a session between two turns: it is continued by another one when it has grown too long, or gets its title. */
export class Sequels {
  readonly #options: SequelsOptions
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(options: SequelsOptions) {
    this.#options = options
  }

  /** Has a session summarised and continued. Throws as `Chats.compact` does. */
  async compact({ id }: SessionRecord, model: FoundModel, key: RequestKey | null): Promise<SessionRecord> {
    const { sessions, chat, transcripts, env } = this.#options
    // Since it was looked at it may have grown, changed, or been continued.
    const session = await sessions.find(id)
    if (this.#stop.signal.aborted) throw shuttingDown()
    if (!session) throw notFound('session', id)
    return chat(session).compact((signal) => successorOf({ session, transcripts, model, key, env, signal }))
  }

  /** Looks after a session in which an answer has just become whole, while nobody waits for that. */
  afterAnswer(stream: StreamRecord, contextTokens: number | null): void {
    const { compactAt = 0, titles = false, onProblem } = this.#options
    if (this.#stop.signal.aborted || (compactAt === 0 && !titles)) return
    const done = this.#lookAfter(stream, contextTokens)
      .catch((error: unknown) => {
        // It was busy, or was continued by somebody else: then somebody else's answer comes, and this with it. Or it was
        // removed meanwhile.
        const isLost = error instanceof SegueError && lost.has(error.code)
        if (!isLost && !this.#stop.signal.aborted) onProblem(error, 'a session could not be looked after')
      })
      .finally(() => this.#running.delete(done))
    this.#running.add(done)
  }

  /** Has what is under way end soon. */
  close(): void {
    this.#stop.abort()
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #lookAfter(stream: StreamRecord, contextTokens: number | null): Promise<void> {
    const { sessions, models, transcripts, compactAt = 0, titles = false } = this.#options
    const session = await sessions.find(stream.sessionId)
    if (!session || session.endedAt !== null) return
    const model = await models.find(stream.model)
    if (compactAt > 0 && Number.isFinite(model.window)) {
      const tokens = contextTokens ?? tokensOf(modelContext(await transcripts.context(session)))
      if (tokens > compactAt * model.window) {
        await this.compact(session, model, null)
        return
      }
    }
    if (titles && session.titleSource === 'MESSAGE') await this.#entitle(session, stream, model)
  }

  /** A title by the model, once: after the first answer that is whole, whatever was said since. */
  async #entitle(session: SessionRecord, { messageId }: StreamRecord, model: FoundModel): Promise<void> {
    const { sessions, transcripts, chat } = this.#options
    const context = await transcripts.context(session)
    const said = context.slice(0, context.findIndex(({ id }) => id === messageId) + 1)
    if (said.filter(({ role, status }) => role === 'ASSISTANT' && status === 'COMPLETE').length !== 1) return
    const { signal } = this.#stop
    const run = { model: model.name, messages: modelContext(said), signal }
    const written = await Promise.race([model.writer.entitle(run), aborted(signal)])
    const now = written && (await sessions.find(session.id))
    if (!now) return
    const title = titleFromModel(written.text)
    await chat(now).change(title === null ? {} : { title, titleSource: 'MODEL' }, written.usage)
  }
}
