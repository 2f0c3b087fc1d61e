import { useCallback, useMemo } from 'react'
import type { SnapshotSource } from '../lists/snapshot-store.ts'
import type { ConversationFilter, ConversationList, ConversationListSnapshot } from '../lists/conversation-list.ts'
import type { SegueClient } from '../segue-client.ts'
import { useSegueClient, useSnapshotStorage } from './segue-provider.ts'
import { type SnapshotStorage, StoredSource } from './snapshot-storage.ts'
import { SharedSources } from './shared-sources.ts'
import { type IsEqual, useSnapshot } from './use-snapshot.ts'

export interface UseConversationsResult extends ConversationListSnapshot {
  /** Reads the next page, of so many rows. Default: 50. */
  loadMore(count?: number): Promise<void>
}

const sharedLists = new SharedSources<SharedList>()

interface SharedList {
  readonly list: Pick<ConversationList, 'loadMore'>
  /** The list, or what is stored of it. */
  readonly shown: SnapshotSource<ConversationListSnapshot>
}

/**
 * A live list of conversations, newest activity first. Components with the same filter share it. With null, it is empty, and
 * nothing is asked. With a selector, the component renders only when what it selects changes.
 */
export function useConversations(filter?: ConversationFilter | null): UseConversationsResult
export function useConversations<Selection>(
  filter: ConversationFilter | null,
  selector: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection>,
): Selection
export function useConversations<Selection>(
  filter: ConversationFilter | null = {},
  selector?: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection | UseConversationsResult>,
): Selection | UseConversationsResult {
  const client = useSegueClient()
  const key = JSON.stringify(filter)
  const storage = useSnapshotStorage()
  const { list, shown } = useMemo(() => getSharedList(client, key, storage), [client, key, storage])
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

/**
 * Begins to read a list before a component shows it, such as while the page is rendered for the first time.
 *
 * @param storage That of the `SegueProvider`.
 * @returns A function to be called when components show the list, or none will: they keep it up to date by themselves.
 */
export function preloadConversations(
  client: SegueClient,
  filter: ConversationFilter,
  storage: SnapshotStorage | null = null,
): () => void {
  const shared = getSharedList(client, JSON.stringify(filter), storage)
  // The listener holds what components are going to share: without it, a garbage collection would have them read another list.
  return shared.shown.subscribe(() => shared)
}

/** @param key The filter as JSON. */
function getSharedList(client: SegueClient, key: string, storage: SnapshotStorage | null): SharedList {
  if (key === 'null') return noList
  return sharedLists.get(client, key, () => {
    const list = client.conversations(JSON.parse(key))
    return { list, shown: storage ? new StoredSource(list, storage, `conversations ${key}`, toStoredList) : list }
  })
}

const emptyList: ConversationListSnapshot = { conversations: [], isLoading: false, hasMore: false, error: null }
const noList: SharedList = {
  list: { loadMore: async () => {} },
  shown: { subscribe: () => () => {}, getSnapshot: () => emptyList },
}

const maxStoredRows = 200

/** What is stored of a list that may be long. More is read with a cursor, which the server gives. */
function toStoredList(snapshot: ConversationListSnapshot): ConversationListSnapshot {
  return { ...snapshot, conversations: snapshot.conversations.slice(0, maxStoredRows) }
}
