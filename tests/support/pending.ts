import type { Chats } from '../../src/chat/chat-service.ts'
import type { DecisionRecord } from '../../src/model/records.ts'

type Kind = DecisionRecord['kind']
type Of<K extends Kind> = Extract<DecisionRecord, { readonly kind: K }>

/** The decisions that wait, as soon as there are so many of them, in the order in which they were asked for. */
export async function pending<K extends Kind>(chats: Chats, kind: K, count = 1): Promise<Of<K>[]> {
  const waiting = new Map<string, Of<K>>()
  for await (const decision of chats.decisions.follow(kind)) {
    if (decision.state === 'PENDING') waiting.set(decision.id, decision)
    else waiting.delete(decision.id)
    if (waiting.size === count) break
  }
  return [...waiting.values()]
}

/** The one that waits. */
export async function onlyPending<K extends Kind>(chats: Chats, kind: K): Promise<Of<K>> {
  const [only] = await pending(chats, kind)
  if (!only) throw new Error('nothing waits')
  return only
}
