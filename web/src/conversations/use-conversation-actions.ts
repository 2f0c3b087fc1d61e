import type { Conversation, SegueClient } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useMemo } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes, toChatPath } from '../routing/routes.ts'
import { DeleteConversationDocument } from '../graphql/generated/graphql.ts'
import { showNotice } from '../notices/notice-store.ts'
import { strings } from '../strings/strings.ts'
import { toShownTitle } from './conversation-title.ts'
import { deleteSoon, undoDeletion } from './pending-deletions.ts'

type NamedConversation = Pick<Conversation, 'id' | 'title'>

/** What a person does with a conversation, of either origin. What the server refuses is said in a notice. */
export interface ConversationActions {
  /** An empty title brings back that of its first session. Resolves to whether it was done. */
  rename(id: string, title: string): Promise<boolean>
  setPinned(id: string, isPinned: boolean): Promise<void>
  /** It can be undone for some seconds. */
  setArchived(conversation: NamedConversation, isArchived: boolean): Promise<void>
  /** It can be undone for some seconds, and is done then. A page that shows it goes to a new chat. */
  remove(conversation: NamedConversation & Pick<Conversation, 'tip'>, isOpen: boolean): void
  /** Stops the answers that are being made. */
  stop(streamIds: readonly string[]): Promise<void>
}

export function useConversationActions(): ConversationActions {
  const client = useSegueClient()
  return useMemo(() => createConversationActions(client), [client])
}

function createConversationActions(client: SegueClient): ConversationActions {
  const text = strings.conversation
  const tryOr = async (describe: (reason: string) => string, act: () => Promise<unknown>): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      showNotice({ text: describe(error instanceof Error ? error.message : String(error)), isError: true })
      return false
    }
  }
  const actions: ConversationActions = {
    rename: (id, title) => tryOr(text.notRenamed, () => client.updateConversation(id, { title: title.trim() })),
    setPinned: async (id, pinned) =>
      void (await tryOr(text.notChanged, () => client.updateConversation(id, { pinned }))),
    setArchived: async (conversation, archived) => {
      const { id } = conversation
      if (!(await tryOr(text.notChanged, () => client.updateConversation(id, { archived })))) return
      const undo = (): void => void tryOr(text.notChanged, () => client.updateConversation(id, { archived: !archived }))
      const describe = archived ? text.archived : text.unarchived
      showNotice({ text: describe(toShownTitle(conversation)), action: { label: text.undo, run: undo } })
    },
    remove: (conversation, isOpen) => {
      const { id, tip } = conversation
      const title = toShownTitle(conversation)
      if (isOpen) navigate(routes.home)
      const dismiss = showNotice({
        text: text.deleted(title),
        action: {
          label: text.undo,
          run: () => {
            undoDeletion(id)
            if (isOpen) navigate(toChatPath(tip.id))
          },
        },
      })
      deleteSoon(id, (keepalive) => {
        dismiss()
        const describe = (reason: string): string => text.notDeleted(title, reason)
        return tryOr(describe, () => client.request(DeleteConversationDocument, { id }, { keepalive }))
      })
    },
    stop: async (streamIds) =>
      void (await tryOr(text.notStopped, () => Promise.all(streamIds.map((id) => client.cancel(id))))),
  }
  return actions
}
