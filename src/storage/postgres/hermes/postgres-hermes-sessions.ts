import type { PageRequest } from '../../../lib/pagination.ts'
import type { SessionFilter, SessionSortKey } from '../../../model/session-filter.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { HermesSessionIndex } from '../../installation/hermes-index.ts'
import { limitPage, orderByIds, selectSessionPage } from '../../keyset-pagination.ts'
import type { ConversationChange, ConversationFilter, ConversationPage } from '../../sessions/conversation-reader.ts'
import { PreparedConversationReader } from '../../sessions/prepared-conversation-reader.ts'
import type { PostgresConversationIndex } from '../conversation-index/postgres-conversation-index.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { ConversationIndexReader } from '../sessions/conversation-index-reader.ts'
import { countHermesMessages, findHermesSessions } from '../tables/hermes/hermes-session-table.ts'

const maxRowsPerPage = 1_001

/** The sessions of a Hermes agent, and the conversations in which they are, as they were stored last. */
export class PostgresHermesSessions
  extends PreparedConversationReader<ConversationIndexReader>
  implements HermesSessionIndex
{
  readonly #database: PostgresProfileDatabase
  readonly #index: PostgresConversationIndex

  constructor(database: PostgresProfileDatabase, index: PostgresConversationIndex) {
    const indexReader = new ConversationIndexReader(database, 'HERMES')
    // Up to date if the database can be written now.
    super(async () => {
      await index.prepareRead()
      return indexReader
    })
    this.#database = database
    this.#index = index
  }

  findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return ids.length === 0 ? Promise.resolve([]) : findHermesSessions(this.#database, ids)
  }

  async listSessions(page: PageRequest<SessionSortKey>, { ids, ...filter }: SessionFilter): Promise<SessionRecord[]> {
    const index = await this.openIndex()
    if (ids) {
      const sessions = await this.findSessions(ids)
      const conversations = await index.findConversationsBySession(sessions.map(({ id }) => id))
      return selectSessionPage(sessions, page, filter, conversations)
    }
    const keys = await index.listSessionKeys(limitPage(page, maxRowsPerPage), filter)
    const listedIds = keys.map(({ id }) => id)
    return orderByIds(listedIds, await this.findSessions(listedIds), ({ id }) => id)
  }

  countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    return countHermesMessages(this.#database, ids)
  }

  async listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): Promise<ConversationPage> {
    const index = await this.openIndex()
    const conversations = await index.listConversations(limitPage(page, maxRowsPerPage), filter)
    const ids = new Set(conversations.flatMap(({ rootId, tipId }) => [rootId, tipId]))
    return { conversations, sessions: await this.findSessions([...ids]) }
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void {
    this.#index.onChanges('HERMES', listener)
  }

  refresh(): Promise<void> {
    return this.#index.refresh()
  }
}
