import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { ServerInfoDocument } from '../graphql/generated/graphql.ts'
import { whenIdle } from '../graphql/when-idle.ts'

/** The version of the server. Null until it is known. */
export function useServerVersion(): string | null {
  const client = useSegueClient()
  const [version, setVersion] = useState<string | null>(null)
  useEffect(() => {
    const leave = new AbortController()
    whenIdle()
      .then(() => client.request(ServerInfoDocument, {}, { signal: leave.signal }))
      .then(
        ({ server }) => setVersion(server.version),
        // Only a detail of the page: without it, nothing is shown in its place.
        () => {},
      )
    return () => leave.abort()
  }, [client])
  return version
}
