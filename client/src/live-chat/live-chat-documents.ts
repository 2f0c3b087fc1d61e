import type { Origin } from '../../../src/model/session.ts'
import { approvalFields, clarificationFields, contextFields, messageFields, streamFields } from '../wire/documents.ts'
import type { WireApproval, WireClarification, WireMessage, WireStream } from '../wire/wire-types.ts'
import type { MessageStream } from './live-chat-message.ts'
import type { SessionContext } from '../model/session-context.ts'

interface WireOriginal {
  readonly id: string
  readonly copyOf: { readonly id: string } | null
}

export interface WireAlternative extends WireOriginal {
  readonly session: { readonly id: string }
  readonly text: string
  readonly stream: { readonly userMessage: { readonly text: string }; readonly message: WireOriginal | null } | null
}

interface WireMessageStream
  extends Omit<MessageStream, 'startedAt' | 'finishedAt' | 'error'>, Pick<WireStream, 'error'> {
  readonly startedAt: string
  readonly finishedAt: string | null
}

/** What `liveMessageFields` selects in addition to `messageFields`. */
export type WireLiveMessage = WireMessage &
  WireOriginal & {
    readonly key: string | null
    readonly stream: WireMessageStream | null
    readonly alternatives: readonly WireAlternative[]
    readonly toolCalls: readonly {
      readonly id: string
      readonly approval: WireApproval | null
      readonly clarification: WireClarification | null
    }[]
  }

export interface WireTranscriptPage {
  readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string | null }
  readonly edges: readonly { readonly node: WireLiveMessage }[]
}

export interface WireChatSession {
  readonly id: string
  readonly title: string | null
  readonly model: string | null
  readonly effort: string | null
  readonly context: SessionContext | null
  readonly origin: Origin
  readonly compacting: boolean
  readonly headSeq: number
  readonly continuedBy: { readonly id: string } | null
  readonly profile: { readonly name: string }
  readonly conversation: { readonly id: string; readonly lastActivityAt: string }
  readonly activeStream: (WireStream & { readonly steered: readonly WireLiveMessage[] }) | null
  readonly queue: readonly (WireStream & { readonly userMessage: WireLiveMessage })[]
  readonly transcript: WireTranscriptPage
}

const alternatives =
  'alternatives { id copyOf { id } session { id } text stream { userMessage { text } message { id copyOf { id } } } }'

const liveMessageFields = `
  ... on Message ${messageFields}
  key copyOf { id }
  stream { status finishReason error { code message retryAt } startedAt finishedAt }
  ${alternatives}
  toolCalls { id approval ${approvalFields} clarification ${clarificationFields} }`

const transcriptPage = `{ pageInfo { hasPreviousPage startCursor } edges { node { ${liveMessageFields} } } }`

const chatSessionFields = `
  id title model effort ${contextFields} origin compacting headSeq continuedBy { id } profile { name } conversation { id lastActivityAt } activeStream { ... on Stream ${streamFields} steered { ${liveMessageFields} } }
  queue { ... on Stream ${streamFields} userMessage { ${liveMessageFields} } }
  transcript(last: $last) ${transcriptPage}`

/** The session of the conversation that holds `id`, to read and to continue. */
export const conversationTipDocument = `query ($id: ID!, $last: Int!) {
  session(id: $id) { conversation { tip { ${chatSessionFields} } } }
}`

export const chatSessionDocument = `query ($id: ID!, $last: Int!) { session(id: $id) { ${chatSessionFields} } }`

export const earlierMessagesDocument = `query ($id: ID!, $last: Int!, $before: String) {
  session(id: $id) { transcript(last: $last, before: $before) ${transcriptPage} }
}`

export const startChatDocument = `mutation ($input: StreamChatInput!) { stream: startChat(input: $input) ${streamFields} }`

export const regenerateDocument = `mutation ($messageId: ID!, $text: String, $files: [FileInput!], $model: String, $effort: String, $key: String) {
  stream: regenerate(messageId: $messageId, text: $text, files: $files, model: $model, effort: $effort, key: $key) ${streamFields}
}`

export const streamedMessageDocument = `query ($id: ID!) {
  stream(id: $id) { status lastSeq message { ${liveMessageFields} } steered { ${liveMessageFields} } }
}`

export const alternativesDocument = `query ($id: ID!) { node(id: $id) { ... on Message { ${alternatives} } } }`
