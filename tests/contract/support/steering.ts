import type { ProviderStep } from '../../support/providers/strict-provider.ts'
import { SteeredDocument } from '../generated/graphql.ts'
import {
  type ChatEvent,
  followStream,
  isEventOfType,
  loadEvents,
  loadSession,
  loadTranscript,
  startChat,
} from './chat.ts'
import type { Client } from './clients.ts'
import type { TestEnvironment } from './test-environment.ts'
import { ask, readUntil, requireNonNull } from './typed-client.ts'

export const isFinished = isEventOfType('StreamFinished')
export const isSteered = isEventOfType('MessageSteered')

/** Starts an answer whose first request says `Half`, and does what follows after `release`. */
export async function startHeldAnswer(
  { client, provider }: Pick<TestEnvironment, 'client' | 'provider'>,
  ...rest: readonly ProviderStep[]
) {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: promise }, ...rest])
  const { id: streamId, session } = await startChat(client, { text: 'Begin' })
  await readUntil(followStream(client, streamId), isEventOfType('TextDelta'))
  return { streamId, sessionId: session.id, release }
}

/** Sends a message that joins the answer which is running. */
export function steer(client: Client, sessionId: string, text: string, key?: string) {
  return startChat(client, { sessionId, text, ifBusy: 'STEER', ...(key !== undefined && { key }) })
}

/** The states of the messages that join an answer, in the order of their events. */
export function listStates(events: readonly ChatEvent[]): string[] {
  return events.filter(isSteered).map(({ steeringState, userMessage }) => `${steeringState} ${userMessage.text}`)
}

/** What users have said in a session, in order. */
export async function listUsers(client: Client, sessionId: string): Promise<string[]> {
  return (await loadTranscript(client, sessionId)).filter((line) => line.startsWith('USER'))
}

/** The messages that have joined a stream. */
export async function loadSteered(client: Client, id: string) {
  return requireNonNull((await ask(client, SteeredDocument, { id })).stream).steered
}

/** Resolves when the session has nothing more to answer, to its events. */
export async function loadEventsAtRest(client: Client, sessionId: string): Promise<ChatEvent[]> {
  for (;;) {
    const { activeStream } = await loadSession(client, sessionId)
    if (!activeStream) return loadEvents(client, sessionId)
    await readUntil(followStream(client, activeStream.id), isFinished)
  }
}

/** How often each of these texts is in the messages of a request. */
export function countTexts(request: { readonly body: { readonly messages: unknown } } | undefined, texts: string[]) {
  const sent = JSON.stringify(request?.body.messages ?? [])
  return texts.map((text) => sent.split(text).length - 1)
}
