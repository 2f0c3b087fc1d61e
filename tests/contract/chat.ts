import { ask, follow, found, readTo } from './ask.ts'
import type { Client } from './clients.ts'
import {
  CancelStreamDocument,
  CreateSessionDocument,
  type EventFieldsFragment,
  EventsDocument,
  FollowStreamDocument,
  SessionDocument,
  StartChatDocument,
  type StartChatMutationVariables,
  StreamChatDocument,
  type StreamChatSubscriptionVariables,
} from './generated/graphql.ts'

export type ChatEvent = EventFieldsFragment
export type EventOf<Type extends ChatEvent['type']> = Extract<ChatEvent, { type: Type }>

export function is<Type extends ChatEvent['type']>(type: Type) {
  return (event: ChatEvent): event is EventOf<Type> => event.type === type
}

export async function newSession(client: Client): Promise<string> {
  return (await ask(client, CreateSessionDocument, {})).createSession.id
}

export async function sessionOf(client: Client, id: string) {
  return found((await ask(client, SessionDocument, { id })).session)
}

export async function startChat(client: Client, variables: StartChatMutationVariables) {
  return (await ask(client, StartChatDocument, variables)).startChat
}

export async function cancelStream(client: Client, streamId: string) {
  return (await ask(client, CancelStreamDocument, { streamId })).cancelStream
}

/** The events of an answer that begins with this. */
export async function* streamChat(
  client: Client,
  variables: StreamChatSubscriptionVariables,
): AsyncGenerator<ChatEvent, void, void> {
  for await (const { streamChat: event } of follow(client, StreamChatDocument, variables)) yield event
}

/** The events of a stream that is there already; all of them when `after` is left out. */
export async function* followStream(
  client: Client,
  streamId: string,
  after?: number,
): AsyncGenerator<ChatEvent, void, void> {
  const variables = { streamId, ...(after !== undefined && { after }) }
  for await (const { followStream: event } of follow(client, FollowStreamDocument, variables)) yield event
}

/** The log of a session after a seq, as far as it goes now. */
export async function eventsOf(client: Client, sessionId: string, after = 0): Promise<ChatEvent[]> {
  return (await ask(client, EventsDocument, { sessionId, after, first: 1000 })).events
}

/** A whole answer, from its first event to its last. */
export async function wholeAnswer(
  client: Client,
  variables: StreamChatSubscriptionVariables,
): Promise<{ events: ChatEvent[]; end: EventOf<'StreamFinished'> }> {
  const { seen, last } = await readTo(streamChat(client, variables), is('StreamFinished'))
  return { events: seen, end: last }
}

export const seqs = (events: readonly { readonly seq: number }[]): number[] => events.map(({ seq }) => seq)

/** What never comes: a provider that waits for it says nothing more. */
export const never = new Promise<never>(() => {})
