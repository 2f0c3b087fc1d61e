import { parseIdKind } from '../../../lib/ids.ts'
import type { Origin } from '../../../model/session.ts'
import {
  type ConversationIndexFlags,
  isCrossOriginConversation,
  isHermesSession,
} from '../../conversation-index/conversation-index-flags.ts'
import type { ConversationChange } from '../../sessions/conversation-reader.ts'

/** Whether a conversation with these flags is one of the origin: of both, if Segue's sessions continue one that is not stored. */
export function hasConversation(origin: Origin, flags: ConversationIndexFlags): boolean {
  const isOfHermes = isHermesSession(flags)
  return origin === 'SEGUE' ? !isOfHermes : isOfHermes || isCrossOriginConversation(flags)
}

/** The changes that concern an origin, as it sees them. They are stored as Segue's sees them. */
export function selectConversationChanges(
  origin: Origin,
  changes: readonly ConversationChange[],
): readonly ConversationChange[] {
  if (origin === 'SEGUE') return changes.filter(({ rootId }) => parseIdKind(rootId) === 'session')
  return changes.filter(({ before, after }) => [before, after].includes('otherSource')).map(toViewOfHermes)
}

function toViewOfHermes({ before, after, ...change }: ConversationChange): ConversationChange {
  return { ...change, before: swapSource(before), after: swapSource(after) }
}

function swapSource(source: ConversationChange['before']): ConversationChange['before'] {
  if (source === null) return null
  return source === 'thisSource' ? 'otherSource' : 'thisSource'
}
