import type {
  HermesAgentState,
  HermesClaim,
  HermesIndex,
  HermesSessionIdRange,
  SharedHermesSession,
  SharedHermesUsagePage,
} from '../../installation/hermes-index.ts'
import type { Attention } from '../../../model/conversation/attention.ts'
import type { GivenConversationTitle } from '../../sessions/conversation-reader.ts'
import type { ConversationSettingsRow } from '../../sessions/conversation-settings.ts'
import type { ForeignUsageQuery } from '../../usage/usage-sum-store.ts'
import { anyConversation, appendConversationChanges } from '../conversation-index/conversation-change-log.ts'
import type { PostgresConversationIndex } from '../conversation-index/postgres-conversation-index.ts'
import type { PostgresTransaction } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import {
  claimHermesAgent,
  findHermesAgent,
  lockHermesAgentAsReader,
  releaseHermesAgent,
} from '../tables/hermes/hermes-agent-table.ts'
import {
  deleteHermesSessions,
  deleteOtherHermesSessions,
  listHermesSessionUsage,
  storeHermesSessions,
} from '../tables/hermes/hermes-session-table.ts'
import { findGivenTitles, listHermesAttentions, listHermesSettings } from './hermes-search-settings.ts'
import { PostgresHermesSessions } from './postgres-hermes-sessions.ts'

const topic = 'hermes_sessions'

/** Rows of Hermes' sessions, which triggers bring to the conversation index. */
export class PostgresHermesIndex implements HermesIndex {
  readonly sessions: PostgresHermesSessions
  readonly #database: PostgresProfileDatabase
  readonly #conversationIndex: PostgresConversationIndex

  constructor(database: PostgresProfileDatabase, conversationIndex: PostgresConversationIndex) {
    this.#database = database
    this.#conversationIndex = conversationIndex
    this.sessions = new PostgresHermesSessions(database, conversationIndex)
  }

  claim(claim: HermesClaim): Promise<boolean> {
    return this.#database.writeOfHermes((transaction) => claimHermesAgent(transaction, claim))
  }

  release(): Promise<void> {
    return this.#database.writeExisting(releaseHermesAgent)
  }

  async findGivenTitles(query: string): Promise<GivenConversationTitle[]> {
    await this.#conversationIndex.prepareRead()
    return findGivenTitles(this.#database, query)
  }

  listHermesSettings(): Promise<ConversationSettingsRow[]> {
    return listHermesSettings(this.#database)
  }

  async listAttentions(): Promise<Map<string, Attention>> {
    await this.#conversationIndex.prepareRead()
    return listHermesAttentions(this.#database)
  }

  listSessionUsage(query: ForeignUsageQuery): Promise<SharedHermesUsagePage> {
    return listHermesSessionUsage(this.#database, query)
  }

  findAgent(): Promise<HermesAgentState | null> {
    return findHermesAgent(this.#database)
  }

  storeSessions(sessions: readonly SharedHermesSession[], deletedIds: readonly string[]): Promise<boolean> {
    return this.#writeAsReader(async (transaction) => [
      await storeHermesSessions(transaction, sessions),
      await deleteHermesSessions(transaction, deletedIds),
    ])
  }

  replaceSessions(range: HermesSessionIdRange, sessions: readonly SharedHermesSession[]): Promise<boolean> {
    const ids = sessions.map(({ record }) => record.id)
    return this.#writeAsReader(async (transaction) => [
      await storeHermesSessions(transaction, sessions),
      await deleteOtherHermesSessions(transaction, range, ids),
    ])
  }

  async reportAllChanged(): Promise<void> {
    await this.#conversationIndex.refresh()
    await this.#database.write((transaction) => appendConversationChanges(transaction, [anyConversation]))
    this.#database.publish(topic)
  }

  /** `write` tells of each of its parts whether it has changed anything. */
  async #writeAsReader(write: (transaction: PostgresTransaction) => Promise<boolean[]>): Promise<boolean> {
    const changes = await this.#database.write(async (transaction) =>
      (await lockHermesAgentAsReader(transaction)) ? write(transaction) : null,
    )
    if (changes?.includes(true)) this.#database.publish(topic)
    return changes !== null
  }
}
