import { useSegueClient } from 'segue-client/react'
import { useCallback, useEffect, useRef, useState } from 'react'
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
}

/**
 * The answer to a query. It is asked for again with other variables, whenever a person comes back to the page, and when
 * `version` is another one: it says in what state what the answer depends on is.
 */
export function useQuery<Result, Variables extends object>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  version = '',
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
    client.request<Result, Variables>(document, current.current, { signal: leave.signal }).then(
      (data) => setAnswer({ key, data, error: null }),
      (error: unknown) => {
        if (leave.signal.aborted) return
        setAnswer((before) => ({ key, data: before?.data ?? null, error: toError(error) }))
      },
    )
    return () => leave.abort()
  }, [client, document, key, version, round])
  useReturnToPage(reload)
  return {
    data: answer?.data ?? null,
    error: answer?.key === key ? answer.error : null,
    isLoading: answer?.key !== key,
    reload,
  }
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
