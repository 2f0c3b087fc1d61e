import { setImmediate } from 'node:timers/promises'
import { abortable } from '../chat/follow.ts'
import { SegueError } from '../errors.ts'
import { conversationId, type Conversation } from '../sessions/conversations.ts'
import type { ChangedConversation } from '../storage/session-source.ts'
import type { ConversationsChange } from './conversation-changes.ts'
import type { Domain } from './domain.ts'

const atOnce = 100 // conversations that are looked up together

/** What has become of a row of the list. */
export interface FollowedConversation {
  /** The conversation's own id. */
  readonly id: string
  /** As it is now; null when it is not in the list any more: it was deleted, or is a part of another one. */
  readonly conversation: Conversation | null
}

type FollowedDomain = Pick<Domain, 'profile' | 'sessions' | 'conversations' | 'changes'>

/**
 * Every conversation that changes from now on, comes or goes, without end: for as long as the profile is there. Several
 * changes of one that come together are told as one. Ends with STALE when more has changed than can be told in this
 * way: then the list has to be read again.
 */
export function followConversations(domain: FollowedDomain): AsyncIterableIterator<FollowedConversation | SegueError> {
  const { changes } = domain
  // Taken at once: whoever reads the list after subscribing misses nothing in between.
  let cursor = changes.newest
  return abortable((signal) => told(signal))

  async function* told(signal: AbortSignal): AsyncGenerator<FollowedConversation | SegueError, void, void> {
    const { own, hermes } = domain.profile
    await Promise.all([own.catchUp(), hermes?.catchUp()])
    const begun = changes.newest
    const { bell } = changes
    while (!signal.aborted && !bell.closed) {
      const { rung } = bell
      const next = changes.after(cursor, atOnce)
      if (!next || next.some(({ change, conversation }) => conversation === null && change > begun)) {
        yield lost()
        return
      }
      cursor = next.at(-1)?.change ?? cursor
      yield* await lookedUp(domain, merged(next))
      if (next.length > 0) await setImmediate()
      else await bell.next(rung, signal)
    }
  }
}

/** Each conversation once. Of one that lies in both databases both tell: where either says that it was, it was. */
function merged(changes: readonly ConversationsChange[]): ChangedConversation[] {
  const byRoot = new Map<string, ChangedConversation>()
  for (const { conversation } of changes) {
    if (!conversation) continue
    const { rootId, before } = conversation
    const earlier = byRoot.get(rootId)?.before ?? null
    byRoot.delete(rootId)
    byRoot.set(rootId, { ...conversation, before: earlier === 'here' ? earlier : (before ?? earlier) })
  }
  return [...byRoot.values()]
}

async function lookedUp(
  { sessions, conversations }: FollowedDomain,
  changed: readonly ChangedConversation[],
): Promise<FollowedConversation[]> {
  const rows = await sessions.byId(changed.map(({ rootId }) => rootId))
  const found = await conversations.of([...rows.values()])
  const told = new Map<string, FollowedConversation>()
  for (const { rootId, before, after } of changed) {
    // What was a root may be a part of another conversation by now.
    const conversation = found.get(rootId)
    const id = conversationId(rootId)
    if (conversation && !conversation.isEmpty) {
      const itsId = conversationId(conversation.root.id)
      told.set(itsId, { id: itsId, conversation })
    }
    const hasLeft = before === 'here' ? after !== 'here' : before !== null && after === null
    if (hasLeft && !told.has(id)) told.set(id, { id, conversation: null })
  }
  return [...told.values()]
}

function lost(): SegueError {
  const sentence = 'More has changed than can be told one by one: read conversations again, and subscribe anew.'
  return new SegueError('STALE', sentence)
}
