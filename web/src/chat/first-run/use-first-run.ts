import { useConnection, useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { FirstRunDocument, type FirstRunQuery } from '../../graphql/generated/graphql.ts'

const intervalMs = 3_000

/** Whether the offline agent answers whoever chooses no model. */
export function isOfflineOnly({ profile }: FirstRunQuery): boolean {
  return profile?.models.some(({ isDefault, provider }) => isDefault && provider === 'offline') ?? false
}

/**
 * What a new installation has. Null until it is known. It is asked for again while it has no model, since somebody may be
 * adding one.
 */
export function useFirstRun(): FirstRunQuery | null {
  const client = useSegueClient()
  const { isLost } = useConnection()
  const [found, setFound] = useState<FirstRunQuery | null>(null)
  useEffect(() => {
    if (isLost) return
    const leave = new AbortController()
    const ask = () =>
      client.request(FirstRunDocument, {}, { signal: leave.signal }).then(
        (result) => {
          setFound(result)
          if (!isOfflineOnly(result)) clearInterval(timer)
        },
        // Without it, a new chat has fewer words of welcome.
        () => {},
      )
    const timer = setInterval(() => document.visibilityState === 'visible' && void ask(), intervalMs)
    void ask()
    return () => {
      clearInterval(timer)
      leave.abort()
    }
  }, [client, isLost])
  return found
}
