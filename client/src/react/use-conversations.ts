import { useCallback, useMemo } from 'react'
import type { SnapshotSource } from '../lists/snapshot-store.ts'
import type { ConversationFilter, ConversationList, ConversationListSnapshot } from '../lists/conversation-list.ts'
import { useSegueClient, useSnapshotStorage } from './segue-provider.ts'
import { StoredSource } from './snapshot-storage.ts'
import { SharedSources } from './shared-sources.ts'
import { type IsEqual, useSnapshot } from './use-snapshot.ts'

export interface UseConversationsResult extends ConversationListSnapshot {
  /** Reads the next page, of so many rows. Default: 50. */
  loadMore(count?: number): Promise<void>
}

const sharedLists = new SharedSources<SharedList>()

interface SharedList {
  readonly list: ConversationList
  /** The list, or what is stored of it. */
  readonly shown: SnapshotSource<ConversationListSnapshot>
}

/**
 * A live list of conversations, newest activity first. Components with the same filter share it. With a selector, the component
 * renders only when what it selects changes.
 */
export function useConversations(filter?: ConversationFilter): UseConversationsResult
export function useConversations<Selection>(
  filter: ConversationFilter,
  selector: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection>,
): Selection
export function useConversations<Selection>(
  filter: ConversationFilter = {},
  selector?: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection | UseConversationsResult>,
): Selection | UseConversationsResult {
  const client = useSegueClient()
  const key = JSON.stringify(filter)
  const storage = useSnapshotStorage()
  const { list, shown } = useMemo(
    () =>
      sharedLists.get(client, key, () => {
        const created = client.conversations(JSON.parse(key))
        return {
          list: created,
          shown: storage ? new StoredSource(created, storage, `conversations ${key}`, toStoredList) : created,
        }
      }),
    [client, key, storage],
  )
  const loadMore = useCallback((count?: number) => list.loadMore(count), [list])
  const select = useCallback(
    (snapshot: ConversationListSnapshot) => {
      const result = { ...snapshot, loadMore }
      return selector ? selector(result) : result
    },
    [selector, loadMore],
  )
  return useSnapshot<ConversationListSnapshot, Selection | UseConversationsResult>(shown, select, isEqual)
}

const maxStoredRows = 200

/** What is stored of a list that may be long. More is read with a cursor, which the server gives. */
function toStoredList(snapshot: ConversationListSnapshot): ConversationListSnapshot {
  return { ...snapshot, conversations: snapshot.conversations.slice(0, maxStoredRows) }
}
