import type { Origin } from '../../../src/model/session.ts'
import type { WireId } from '../wire/wire-types.ts'

/** The session of a chat that is read and continued. */
export interface ChatSession {
  readonly id: string
  readonly origin: Origin
  readonly activeStream: WireId | null
}

interface WireConversation {
  readonly conversation: { readonly tip: ChatSession }
}

export interface WireFoundSession {
  readonly session: WireConversation | null
  readonly sessionByKey: WireConversation | null
}

export interface WireMessageKey {
  readonly id: string
  readonly key: string | null
  readonly copyOf: WireId | null
}

export interface WireMessageKeys {
  readonly session: { readonly transcript: { readonly edges: readonly { readonly node: WireMessageKey }[] } } | null
}

const tip = '{ conversation { tip { id origin activeStream { id } } } }'

export const findSessionDocument = `query ($id: ID!, $key: String!, $profile: String) {
  session(id: $id) ${tip}
  sessionByKey(key: $key, profile: $profile) ${tip}
}`

export const messageKeysDocument = `query ($id: ID!) {
  session(id: $id) { transcript(last: 1000) { edges { node { id key copyOf { id } } } } }
}`
