import { expect } from 'vitest'
import { ask, follow, requireNonNull, readUntil, mutate } from './typed-client.ts'
import type { Client } from './clients.ts'
import { foldParts } from './fold.ts'
import {
  CancelStreamDocument,
  CreateSessionDocument,
  type EventFieldsFragment,
  EventsDocument,
  FollowSessionDocument,
  FollowStreamDocument,
  MessagesDocument,
  SessionDocument,
  StartChatDocument,
  type StartChatMutationVariables,
  StreamChatDocument,
  type StreamChatSubscriptionVariables,
} from '../generated/graphql.ts'

export type ChatEvent = EventFieldsFragment
export type EventOfType<Type extends ChatEvent['type']> = Extract<ChatEvent, { type: Type }>

export function isEventOfType<Type extends ChatEvent['type']>(type: Type) {
  return (event: ChatEvent): event is EventOfType<Type> => event.type === type
}

/** Creates an empty session, or one that continues another. */
export async function newSession(client: Client, continues: string | null = null): Promise<string> {
  return (await mutate(client, CreateSessionDocument, { continues })).createSession.id
}

export async function loadSession(client: Client, id: string) {
  return requireNonNull((await ask(client, SessionDocument, { id })).session)
}

export async function startChat(client: Client, variables: StartChatMutationVariables) {
  return (await mutate(client, StartChatDocument, variables)).startChat
}

export async function cancelStream(client: Client, streamId: string) {
  return (await mutate(client, CancelStreamDocument, { streamId })).cancelStream
}

/** Starts an answer and yields its events. */
export async function* streamChat(
  client: Client,
  variables: StreamChatSubscriptionVariables,
): AsyncGenerator<ChatEvent, void, void> {
  for await (const { streamChat: event } of follow(client, StreamChatDocument, variables)) yield event
}

/** Yields the events of an existing stream, all of them by default. */
export async function* followStream(
  client: Client,
  streamId: string,
  after?: number,
): AsyncGenerator<ChatEvent, void, void> {
  const variables = { streamId, ...(after !== undefined && { after }) }
  for await (const { followStream: event } of follow(client, FollowStreamDocument, variables)) yield event
}

/** Yields the past and the future events of a session. */
export async function* followSession(
  client: Client,
  sessionId: string,
  after?: number,
): AsyncGenerator<ChatEvent, void, void> {
  const variables = { sessionId, ...(after !== undefined && { after }) }
  for await (const { followSession: event } of follow(client, FollowSessionDocument, variables)) yield event
}

/** Reads the log of a session after a seq. */
export async function loadEvents(client: Client, sessionId: string, after = 0): Promise<ChatEvent[]> {
  return requireNonNull((await ask(client, EventsDocument, { sessionId, after, first: 400 })).events)
}

/** Runs an answer and returns all its events. */
export async function streamToEnd(
  client: Client,
  variables: StreamChatSubscriptionVariables,
): Promise<{ events: ChatEvent[]; end: EventOfType<'StreamFinished'> }> {
  const { received, last } = await readUntil(streamChat(client, variables), isEventOfType('StreamFinished'))
  return { events: received, end: last }
}

/** Events without those that tell of a session's context, title or settings, for tests that are not about them. */
export const omitSessionChanges = (events: readonly ChatEvent[]): ChatEvent[] =>
  events.filter(({ type }) => type !== 'SessionChanged')

/** The seqs of events of streams, and of the changes of their session, which those who follow a stream do not receive. */
export async function listSeqsWithSessionChanges(client: Client, events: readonly ChatEvent[]): Promise<number[]> {
  const log = await loadEvents(client, requireNonNull(events[0]).sessionId)
  return listSeqs([...events, ...log.filter(isEventOfType('SessionChanged'))]).toSorted((a, b) => a - b)
}

/**
 * Expects that events of a stream that were read again after a seq equal those received live, except that
 * deltas may have been coalesced since. Changes of the session count only if some were received.
 */
export function expectReplay(log: readonly ChatEvent[], original: readonly ChatEvent[], after = 0): void {
  const replayed = original.some(isEventOfType('SessionChanged')) ? log : omitSessionChanges(log)
  const rest = original.filter(({ seq }) => seq > after)
  const withoutDeltas = (events: readonly ChatEvent[]) =>
    events.filter(({ type }) => !type.endsWith('Delta')).map(omitEntities)
  expect(withoutDeltas(replayed)).toEqual(withoutDeltas(rest))
  expect(listSeqs(replayed)).toEqual([...new Set(listSeqs(replayed))].toSorted((a, b) => a - b))
  expect(listSeqs(replayed).filter((seq) => seq <= after || seq > (original.at(-1)?.seq ?? 0))).toEqual([])
  expect(foldParts([...original.filter(({ seq }) => seq <= after), ...replayed])).toEqual(foldParts(original))
}

/** An event without what it leads to, unless that cannot change any more: it is as of the delivery. */
export function omitEntities(event: ChatEvent): object {
  if (event.type === 'StreamFinished') return event
  const entities = new Set(['stream', 'userMessage', 'toolCall', 'approval', 'clarification', 'queue'])
  return Object.fromEntries(Object.entries(event).filter(([name]) => !entities.has(name)))
}

/** The messages of a session in order: role, text, and status unless it is COMPLETE. */
export async function loadTranscript(client: Client, sessionId: string): Promise<string[]> {
  const { session } = await ask(client, MessagesDocument, { sessionId })
  return requireNonNull(session).messages.edges.map(
    ({ node: { role, text, status } }) => `${role} ${text}${status === 'COMPLETE' ? '' : ` (${status})`}`,
  )
}

export const listSeqs = (events: readonly { readonly seq: number }[]): number[] => events.map(({ seq }) => seq)

/** A promise that never resolves: a provider that waits for it sends nothing more. */
export const never = new Promise<never>(() => {})
