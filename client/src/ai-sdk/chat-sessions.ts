import type { Origin } from '../../../src/model/session.ts'
import { createSession, getWritableSession } from '../live-chat/get-writable-session.ts'
import type { SegueClient } from '../segue-client.ts'

/** The session of a chat that is read and continued. */
interface ChatSession {
  readonly id: string
  readonly origin: Origin
  readonly activeStream: { readonly id: string } | null
}

interface WireConversation {
  readonly conversation: { readonly tip: ChatSession }
}

interface WireMessageKey {
  readonly id: string
  readonly key: string | null
  readonly copyOf: { readonly id: string } | null
}

const tip = '{ conversation { tip { id origin activeStream { id } } } }'
const findDocument = `query ($id: ID!, $key: String!, $profile: String) {
  session(id: $id) ${tip}
  sessionByKey(key: $key, profile: $profile) ${tip}
}`
const messageKeysDocument = `query ($id: ID!) {
  session(id: $id) { transcript(last: 1000) { edges { node { id key copyOf { id } } } } }
}`

const maxKeyLength = 200 // characters, the server's limit

/** The key with which a message is sent. Ids of the SDK need not be unique beyond a chat. */
export function toMessageKey(chatId: string, messageId: string): string {
  const key = `${chatId} ${messageId}`
  return key.length <= maxKeyLength ? key : messageId
}

/** Finds and makes the sessions of chats by the ids that a page has for them: a session's, or the key of one. */
export class ChatSessions {
  readonly #client: SegueClient
  readonly #profile: string | undefined

  constructor(client: SegueClient, profile: string | undefined) {
    this.#client = client
    this.#profile = profile
  }

  /** The newest session of a chat's conversation. Null if the chat has no session yet. */
  async find(chatId: string): Promise<ChatSession | null> {
    const { session, sessionByKey } = await this.#client.request<{
      readonly session: WireConversation | null
      readonly sessionByKey: WireConversation | null
    }>(findDocument, { id: chatId, key: chatId, profile: this.#profile })
    return (session ?? sessionByKey)?.conversation.tip ?? null
  }

  /** The id of the session to send to, which is made if there is none. */
  async findOrCreate(chatId: string): Promise<string> {
    const found = await this.find(chatId)
    if (found) return getWritableSession(this.#client, found)
    return createSession(this.#client, { key: chatId, profile: this.#profile })
  }

  /** The id on the server of a message that the SDK has under an id, among the newest 1,000 of a chat. Null if there is none. */
  async findMessage(chatId: string, messageId: string): Promise<string | null> {
    const found = await this.find(chatId)
    if (!found) return null
    const { session } = await this.#client.request<{
      readonly session: { readonly transcript: { readonly edges: readonly { readonly node: WireMessageKey }[] } } | null
    }>(messageKeysDocument, { id: found.id })
    const isWanted = ({ node: { id, key, copyOf } }: { readonly node: WireMessageKey }): boolean =>
      id === messageId || copyOf?.id === messageId || key === toMessageKey(chatId, messageId)
    return session?.transcript.edges.findLast(isWanted)?.node.id ?? null
  }
}
