import { isRenamed } from '../../model/conversation/title.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { ConversationSettingsPatch } from '../sessions/conversation-settings.ts'
import type { ImportRecord } from './import-store.ts'

/** A session of the imported conversation, with what its record says of the conversation. */
export interface ImportedSessionSettings {
  readonly session: Pick<SessionRecord, 'id' | 'title' | 'titleSource' | 'pinned' | 'archived'>
  /** Null for the title of the root. Left out in old documents. */
  readonly conversationTitle?: string | null
}

export function toImportedSessionSettings({
  record,
  conversationTitle,
}: ImportRecord & { readonly type: 'session' }): ImportedSessionSettings {
  return { session: record, ...(conversationTitle !== undefined && { conversationTitle }) }
}

/**
 * What is to be set for all imported sessions: what the tip says, because in old documents the sessions of a conversation may
 * differ. What is not set stays open, so that a conversation that goes on into Hermes keeps what is set there. Null: nothing.
 */
export function toImportedConversationPatch(
  imported: readonly ImportedSessionSettings[],
  tipId: string | undefined,
): ConversationSettingsPatch | null {
  const tip = imported.find(({ session }) => session.id === tipId)
  if (!tip) return null
  const { pinned, archived } = tip.session
  // Documents older than the titles of conversations lack the field. The root comes first.
  const [root = tip] = imported
  const { conversationTitle = isRenamed(root.session, tip.session) ? tip.session.title : null } = tip
  const patch = {
    ...(conversationTitle !== null && { title: conversationTitle }),
    ...(pinned && { pinned }),
    ...(archived && { archived }),
  }
  return Object.keys(patch).length > 0 ? patch : null
}
