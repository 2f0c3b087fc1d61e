import { useConnection, useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { FirstRunDocument, type FirstRunQuery } from '../../graphql/generated/graphql.ts'

/** What a new installation has. Null until it is known. It is asked for again when the server has been away: it may have a model then. */
export function useFirstRun(): FirstRunQuery | null {
  const client = useSegueClient()
  const { isLost } = useConnection()
  const [found, setFound] = useState<FirstRunQuery | null>(null)
  useEffect(() => {
    if (isLost) return
    const leave = new AbortController()
    client.request(FirstRunDocument, {}, { signal: leave.signal }).then(
      (result) => setFound(result),
      // Without it, a new chat has fewer words of welcome.
      () => {},
    )
    return () => leave.abort()
  }, [client, isLost])
  return found
}
