import type { DeliveredEvent } from '../../../src/model/chat-event.ts'
import type { ScriptedAnswer } from '../fixtures/chats/agent-chats.ts'
import { openPostgresChats, type PostgresChats } from './postgres-chats.ts'
import { useTestDatabase } from './test-postgres-database.ts'

/** Says something, and then nothing until it is stopped. */
export const endlessAnswer: ScriptedAnswer = async function* ({ signal }) {
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'text', block: '1', text: 'Once upon a time' }
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
}

/** The chats of one profile in several processes. */
export async function openSeveral(
  count: number,
  answer: ScriptedAnswer,
  options?: Parameters<typeof openPostgresChats>[2],
): Promise<PostgresChats[]> {
  const url = await useTestDatabase()
  return Promise.all(Array.from({ length: count }, () => openPostgresChats(url, answer, options)))
}

export function requireAll<Item>(items: readonly Item[]): readonly [Item, Item, Item] {
  const [first, second, third] = items
  if (!first || !second || !third) throw new Error('There are fewer than three.')
  return [first, second, third]
}

/** Follows a stream until an event of a type. */
export async function followUntil(
  { chats }: PostgresChats,
  streamId: string,
  type: DeliveredEvent['type'],
): Promise<DeliveredEvent[]> {
  const events: DeliveredEvent[] = []
  for await (const event of await chats.subscriptions.subscribeToStream(streamId, 0)) {
    events.push(event)
    if (event.type === type) break
  }
  return events
}

/** Has a process recover what others have left, as soon as there is anything. Its own renewals of its lease tell of that. */
export async function recoverAny({ chats, profile }: PostgresChats): Promise<void> {
  const { orphans } = profile.changes
  const { signal } = new AbortController()
  for (let recovered = 0, version = 0; recovered === 0; version = orphans.version) {
    await orphans.wait(version, signal)
    recovered = await chats.recover()
  }
}
