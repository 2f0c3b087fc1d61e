import { SegueError } from 'segue-client'
import { type SnapshotStorage, useSegueClient } from 'segue-client/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { snapshotStorage } from './snapshot-storage.ts'
import { toError } from './to-error.ts'
import type { TypedDocumentString } from './generated/graphql.ts'

export interface QueryState<Result> {
  /** Of the newest request that was answered: while others are asked for, that of the variables before. */
  readonly data: Result | null
  /** Why the newest request failed. */
  readonly error: Error | null
  /** Nothing is known yet for these variables. */
  readonly isLoading: boolean
  readonly reload: () => void
}

interface Answer<Result> {
  readonly key: string
  readonly data: Result | null
  readonly error: Error | null
  /** It was read before: the server has not answered yet. */
  readonly isStored?: boolean
}

/**
 * The answer to a query. It is asked for again with other variables, whenever a person comes back to the page, and when
 * `version` is another one: it says in what state what the answer depends on is. What was answered last is kept in the browser: it
 * is shown until the server answers, and without a connection.
 */
export function useQuery<Result extends object, Variables extends object>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  version = '',
): QueryState<Result> {
  return useRequest(document, variables, { version, storage: snapshotStorage })
}

/** As `useQuery`, but for what is changed by a person: nothing is shown before the server has answered. */
export function useFreshQuery<Result extends object, Variables extends object>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): QueryState<Result> {
  return useRequest(document, variables, { version: '', storage: null })
}

interface RequestOptions {
  readonly version: string
  readonly storage: SnapshotStorage | null
}

function useRequest<Result extends object, Variables extends object>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  { version, storage }: RequestOptions,
): QueryState<Result> {
  const client = useSegueClient()
  const key = JSON.stringify(variables)
  const current = useRef(variables)
  current.current = variables
  const [answer, setAnswer] = useState<Answer<Result> | null>(null)
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((before) => before + 1), [])
  useEffect(() => {
    const leave = new AbortController()
    // With its text, as what is stored has the fields that it asks for.
    const storageKey = `query ${document} ${key}`
    void storage?.read<Result>(storageKey).then((data) => {
      if (!data || leave.signal.aborted) return
      setAnswer((before) => (before?.key === key && before.data ? before : { key, data, error: null, isStored: true }))
    })
    client.request<Result, Variables>(document, current.current, { signal: leave.signal }).then(
      (data) => {
        setAnswer({ key, data, error: null })
        storage?.write(storageKey, data)
      },
      (error: unknown) => {
        if (leave.signal.aborted) return
        setAnswer((before) => ({ key, data: before?.data ?? null, error: toShownError(error, before?.data ?? null) }))
      },
    )
    return () => leave.abort()
  }, [client, document, key, version, round, storage])
  useReturnToPage(reload)
  return {
    data: answer?.data ?? null,
    error: answer?.key === key ? answer.error : null,
    isLoading: answer?.key !== key || answer.isStored === true,
    reload,
  }
}

/** That the server cannot be reached is said once for the whole page, if there is something to read. */
function toShownError(error: unknown, data: object | null): Error | null {
  const isKnown = data !== null && error instanceof SegueError && error.code === 'CONNECTION_LOST'
  return isKnown ? null : toError(error)
}

/** Calls when the page is shown again, or has a connection again. */
function useReturnToPage(onReturn: () => void): void {
  const { connection } = useSegueClient()
  useEffect(() => {
    const onVisibility = (): void => {
      if (document.visibilityState === 'visible') onReturn()
    }
    let wasLost = connection.getSnapshot().isLost
    const leave = connection.subscribe(() => {
      const { isLost } = connection.getSnapshot()
      if (wasLost && !isLost) onReturn()
      wasLost = isLost
    })
    document.addEventListener('visibilitychange', onVisibility)
    return () => {
      leave()
      document.removeEventListener('visibilitychange', onVisibility)
    }
  }, [connection, onReturn])
}
