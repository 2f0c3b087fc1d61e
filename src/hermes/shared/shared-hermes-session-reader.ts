import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionFilter, SessionSortKey } from '../../model/session-filter.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { HermesIndex, HermesSessionIndex } from '../../storage/installation/hermes-index.ts'
import type {
  ConversationChange,
  ConversationFilter,
  ConversationPage,
} from '../../storage/sessions/conversation-reader.ts'
import { PreparedConversationReader } from '../../storage/sessions/prepared-conversation-reader.ts'
import type { SessionReader } from '../../storage/sessions/session-reader.ts'
import { parseHermesMessageId } from '../state/parse-hermes-message-id.ts'
import type { HermesSource } from './hermes-query.ts'
import type { SharedHermesAgent } from './shared-hermes-agent.ts'

type HermesMessageSource = Pick<HermesSource, 'listMessages' | 'findMessages' | 'loadContextMessages'>

export interface SharedHermesSessionReaderOptions {
  readonly agent: Pick<SharedHermesAgent, 'findLocalReader' | 'publish'>
  readonly index: Pick<HermesIndex, 'sessions'>
  readonly remote: HermesMessageSource
}

/**
 * The sessions of a Hermes agent where several processes share a database: everything but messages is in it. The messages come
 * from the process that reads Hermes' files: reading them throws STORAGE while it is gone.
 */
export class SharedHermesSessionReader extends PreparedConversationReader<HermesSessionIndex> implements SessionReader {
  readonly origin = 'HERMES'
  readonly #options: SharedHermesSessionReaderOptions

  constructor(options: SharedHermesSessionReaderOptions) {
    // With everything that Hermes has written, if this process reads it; else with what was stored last.
    super(async () => {
      await options.agent.publish()
      return options.index.sessions
    })
    this.#options = options
  }

  async findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return ids.length === 0 ? [] : (await this.openIndex()).findSessions(ids)
  }

  async listSessions(page: PageRequest<SessionSortKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return (await this.openIndex()).listSessions(page, filter)
  }

  async listConversations(
    page: PageRequest<SessionSortKey>,
    filter: ConversationFilter,
  ): Promise<ConversationPage | null> {
    return (await this.openIndex()).listConversations(page, filter)
  }

  async countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    return (await this.openIndex()).countMessages(ids)
  }

  async listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return (await this.#findSource()).listMessages(sessionId, page)
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    return (await this.findMessages([id]))[0] ?? null
  }

  async findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    // Anything can be looked up by its id: nobody is asked for what is no message of a session.
    const sessionIds = new Set(ids.flatMap((id) => parseHermesMessageId(id)?.sessionId ?? []))
    const existing = new Set((await this.findSessions([...sessionIds])).map(({ id }) => id))
    const messageIds = ids.filter((id) => existing.has(parseHermesMessageId(id)?.sessionId ?? ''))
    return messageIds.length === 0 ? [] : (await this.#findSource()).findMessages(messageIds)
  }

  async loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return (await this.#findSource()).loadContextMessages(sessionId)
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void {
    this.#options.index.sessions.onConversationsChanged(listener)
  }

  async refresh(): Promise<void> {
    return (await this.openIndex()).refresh()
  }

  async #findSource(): Promise<HermesMessageSource> {
    const { agent, remote } = this.#options
    return (await agent.findLocalReader()) ?? remote
  }
}
