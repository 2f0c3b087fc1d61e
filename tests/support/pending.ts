import type { ChatService } from '../../src/chat/chat-service.ts'
import type { DecisionRecord } from '../../src/model/decision.ts'

type DecisionKind = DecisionRecord['kind']
type DecisionOfKind<K extends DecisionKind> = Extract<DecisionRecord, { readonly kind: K }>

/** The decisions that wait, as soon as there are so many of them, in the order in which they were asked for. */
export async function waitForPending<K extends DecisionKind>(
  chats: ChatService,
  kind: K,
  count = 1,
): Promise<DecisionOfKind<K>[]> {
  const pendingById = new Map<string, DecisionOfKind<K>>()
  for await (const decision of chats.decisions.subscribe(kind)) {
    if (decision.state === 'PENDING') pendingById.set(decision.id, decision)
    else pendingById.delete(decision.id)
    if (pendingById.size === count) break
  }
  return [...pendingById.values()]
}

/** The one that waits. */
export async function waitForOnlyPending<K extends DecisionKind>(
  chats: ChatService,
  kind: K,
): Promise<DecisionOfKind<K>> {
  const [only] = await waitForPending(chats, kind)
  if (!only) throw new Error('nothing waits')
  return only
}
