import type { NewSession } from '../commands/session-details.ts'
import { getWritableSession } from '../live-chat/start/find-chat-place.ts'
import type { SegueClient } from '../segue-client.ts'
import {
  type ChatSession,
  findSessionDocument,
  messageKeysDocument,
  type WireFoundSession,
  type WireMessageKey,
  type WireMessageKeys,
} from './chat-session-documents.ts'

const maxKeyLength = 200 // characters, the server's limit

/** The key with which a message is sent. Ids of the SDK need not be unique beyond a chat. */
export function toMessageKey(chatId: string, messageId: string): string {
  const key = `${chatId} ${messageId}`
  return key.length <= maxKeyLength ? key : messageId
}

/** Finds and makes the sessions of chats by the ids that a page has for them: a session's, or the key of one. */
export class ChatSessions {
  readonly #client: SegueClient
  readonly #newSession: Pick<NewSession, 'profile' | 'instructions'>

  constructor(client: SegueClient, newSession: Pick<NewSession, 'profile' | 'instructions'>) {
    this.#client = client
    this.#newSession = newSession
  }

  /** The newest session of a chat's conversation. Null if the chat has no session yet. */
  async find(chatId: string): Promise<ChatSession | null> {
    const { session, sessionByKey } = await this.#client.request<WireFoundSession>(findSessionDocument, {
      id: chatId,
      key: chatId,
      profile: this.#newSession.profile,
    })
    return (session ?? sessionByKey)?.conversation.tip ?? null
  }

  /** The id of the session to send to, which is made if there is none. */
  async findOrCreate(chatId: string): Promise<string> {
    const found = await this.find(chatId)
    if (found) return getWritableSession(this.#client, found)
    const { id } = await this.#client.createSession({ ...this.#newSession, key: chatId })
    return id
  }

  /** The id on the server of a message that the SDK has under an id, among the newest 1,000 of a chat. Null if there is none. */
  async findMessage(chatId: string, messageId: string): Promise<string | null> {
    const found = await this.find(chatId)
    if (!found) return null
    const { session } = await this.#client.request<WireMessageKeys>(messageKeysDocument, { id: found.id })
    const isWanted = ({ node: { id, key, copyOf } }: { readonly node: WireMessageKey }): boolean =>
      id === messageId || copyOf?.id === messageId || key === toMessageKey(chatId, messageId)
    return session?.transcript.edges.findLast(isWanted)?.node.id ?? null
  }
}
