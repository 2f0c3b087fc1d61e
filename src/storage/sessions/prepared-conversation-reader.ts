import type {
  ConversationCount,
  ConversationFilter,
  ConversationListEntry,
  ConversationReader,
  OffsetPagination,
} from './conversation-reader.ts'

/** What is read of an index without the rows of sessions. */
type ConversationIndexReads = Omit<ConversationReader, 'listConversations'>

/** Reads a conversation index that is brought up to date before. */
export class PreparedConversationReader<Index extends ConversationIndexReads> implements ConversationIndexReads {
  protected readonly openIndex: () => Promise<Index>

  constructor(openIndex: () => Promise<Index>) {
    this.openIndex = openIndex
  }

  async countConversations(filter: ConversationFilter): Promise<ConversationCount[] | null> {
    return (await this.openIndex()).countConversations(filter)
  }

  async findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    return (await this.openIndex()).findConversationsBySession(sessionIds)
  }

  async findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    return (await this.openIndex()).findContinuations(sessionIds)
  }

  async listConversationSessionIds(rootId: string, range: OffsetPagination): Promise<string[]> {
    return (await this.openIndex()).listConversationSessionIds(rootId, range)
  }
}
