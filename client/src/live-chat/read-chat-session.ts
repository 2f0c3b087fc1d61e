import type { SegueClient } from '../segue-client.ts'
import { SegueError } from '../segue-error.ts'
import { toChatStream } from '../wire/to-chat-event.ts'
import { toTime } from '../wire/to-message.ts'
import { emptyChat, type LiveChatState } from './live-chat-state.ts'
import {
  chatSessionDocument,
  conversationTipDocument,
  alternativesDocument,
  earlierMessagesDocument,
  type WireChatSession,
  type WireLiveMessage,
  type WireTranscriptPage,
} from './live-chat-documents.ts'
import type { LiveChatMessage, MessageAlternative } from './live-chat-message.ts'
import { toAlternative, toLiveChatMessage } from './to-live-chat-message.ts'

export interface TranscriptPage {
  readonly messages: readonly LiveChatMessage[]
  /** Where the page before this one ends. Null if this is the first one. */
  readonly before: string | null
}

/** A session as it was read, and the seq of its log from which to follow it. */
export interface ReadChatSession {
  readonly chat: LiveChatState
  readonly headSeq: number
  /** Of its conversation, in epoch milliseconds. */
  readonly lastActivityAt: number
  readonly profile: string
  readonly before: string | null
}

export interface ReadChatOptions {
  readonly sessionId: string
  /** The session itself and what continues it; else the session of its conversation that has the newest message. */
  readonly isExact: boolean
  /** The number of messages. */
  readonly last: number
  readonly signal: AbortSignal
}

/** Reads what a page shows of a chat. Rejects with NOT_FOUND if there is no such session. */
export async function readChatSession(
  client: SegueClient,
  { sessionId, isExact, last, signal }: ReadChatOptions,
): Promise<ReadChatSession> {
  let session = isExact
    ? await readSession(client, sessionId, last, signal)
    : await readConversationTip(client, sessionId, last, signal)
  while (session?.continuedBy) session = await readSession(client, session.continuedBy.id, last, signal)
  if (!session) throw new SegueError('NOT_FOUND', 'The session does not exist. Choose another one.')
  const {
    id,
    title,
    model,
    effort,
    context,
    origin,
    compacting,
    headSeq,
    conversation,
    activeStream,
    queue,
    transcript,
  } = session
  const { messages, before } = toTranscriptPage(transcript)
  const chat: LiveChatState = {
    ...emptyChat,
    sessionId: id,
    conversationId: conversation.id,
    profile: session.profile.name,
    title,
    model,
    effort,
    context,
    origin,
    compacting,
    messages,
    hasEarlier: before !== null,
    activeStream: activeStream && toChatStream(activeStream),
    steering: (activeStream?.steered ?? [])
      .filter(({ steering }) => steering?.state === 'PENDING')
      .map(toLiveChatMessage),
    queue: queue.map(({ userMessage, ...stream }) => ({
      stream: toChatStream(stream),
      message: toLiveChatMessage(userMessage),
    })),
  }
  return { chat, headSeq, before, lastActivityAt: toTime(conversation.lastActivityAt), profile: session.profile.name }
}

/** Reads what a page shows of a chat, for as long as it takes. Rejects if the server refuses it. */
export async function readChatSessionWithRetry(
  client: SegueClient,
  options: ReadChatOptions,
): Promise<ReadChatSession> {
  for (;;) {
    try {
      return await readChatSession(client, options)
    } catch (error) {
      if (!(error instanceof SegueError) || error.code !== 'CONNECTION_LOST') throw error
    }
  }
}

/** Reads the page of messages before a cursor. */
export async function readEarlierMessages(
  client: SegueClient,
  variables: { readonly id: string; readonly last: number; readonly before: string },
): Promise<TranscriptPage> {
  const { session } = await client.request<{
    readonly session: { readonly transcript: WireTranscriptPage } | null
  }>(earlierMessagesDocument, variables)
  return session ? toTranscriptPage(session.transcript) : { messages: [], before: null }
}

/** Reads the other tries of a message's turn, with itself. */
export async function readAlternatives(
  client: SegueClient,
  id: string,
  signal: AbortSignal,
): Promise<readonly MessageAlternative[]> {
  const { node } = await client.request<{ readonly node: Pick<WireLiveMessage, 'alternatives'> | null }>(
    alternativesDocument,
    { id },
    { signal },
  )
  return node?.alternatives.map(toAlternative) ?? []
}

async function readSession(client: SegueClient, id: string, last: number, signal: AbortSignal) {
  const { session } = await client.request<{ readonly session: WireChatSession | null }>(
    chatSessionDocument,
    { id, last },
    { signal },
  )
  return session
}

async function readConversationTip(client: SegueClient, id: string, last: number, signal: AbortSignal) {
  const { session } = await client.request<{
    readonly session: { readonly conversation: { readonly tip: WireChatSession } } | null
  }>(conversationTipDocument, { id, last }, { signal })
  return session?.conversation.tip ?? null
}

function toTranscriptPage({ edges, pageInfo }: WireTranscriptPage): TranscriptPage {
  return {
    messages: edges.map(({ node }) => toLiveChatMessage(node)),
    before: pageInfo.hasPreviousPage ? pageInfo.startCursor : null,
  }
}
