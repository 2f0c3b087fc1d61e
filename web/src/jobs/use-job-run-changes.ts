import { useSegueClient } from 'segue-client/react'
import { useEffect } from 'react'
import { usePolling } from '../graphql/use-polling.ts'
import { JobRunChangesDocument } from '../graphql/generated/graphql.ts'

/** Runs that start or end together are one change. */
const quietMs = 100
/** What no event tells: jobs that were made, changed or deleted in another window. */
const pollMs = 15_000

/** Calls when a run of a job starts or ends, and now and then. Null: of any job of the profile. */
export function useJobRunChanges(profile: string | null, jobId: string | null, onChange: () => void): void {
  const client = useSegueClient()
  useEffect(() => {
    if (profile === null) return undefined
    const leave = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const changeSoon = (): void => {
      clearTimeout(timer)
      timer = setTimeout(onChange, quietMs)
    }
    const follow = async (): Promise<void> => {
      const variables = { profile, jobId, finishedSince: new Date().toISOString() }
      for await (const _ of client.subscribe(JobRunChangesDocument, variables, { signal: leave.signal })) changeSoon()
    }
    // What is shown stays, and is read again now and then.
    follow().catch(() => {})
    return () => {
      clearTimeout(timer)
      leave.abort()
    }
  }, [client, profile, jobId, onChange])
  usePolling(onChange, pollMs)
}
