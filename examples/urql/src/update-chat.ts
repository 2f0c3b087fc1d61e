import type { Cache, UpdateResolver } from '@urql/exchange-graphcache'
import { applyChatEvent, type ChatEvent } from './apply-chat-event.ts'
import { chat } from './chat-documents.ts'

/** Keeps the messages of a session in the cache up to date. */
export const updateChat: UpdateResolver<{ followSession: ChatEvent }, { sessionId: string }> = (
  { followSession: event },
  { sessionId: id },
  cache: Cache,
) => {
  cache.updateQuery({ query: chat, variables: { id } }, (data) => {
    if (!data?.session) return data
    const { transcript } = data.session
    const nodes = applyChatEvent(
      transcript.edges.map(({ node }) => node),
      event,
    )
    const edges = nodes.map((node) => ({ __typename: 'MessageEdge', node }))
    return { ...data, session: { ...data.session, transcript: { ...transcript, edges } } }
  })
}
