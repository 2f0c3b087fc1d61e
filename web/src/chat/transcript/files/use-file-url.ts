import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'

interface ShownFile {
  /** A URL for `<img>`. Null until the file is there. */
  readonly src: string | null
  readonly error: Error | null
}

/** A file of the server, fetched with the token of the page. Data URLs are as they are. */
export function useFileUrl(url: string): ShownFile {
  const client = useSegueClient()
  const isData = url.startsWith('data:')
  const [shown, setShown] = useState<ShownFile>({ src: null, error: null })
  useEffect(() => {
    if (isData) return
    const leave = new AbortController()
    let src: string | null = null
    client.file(url, { signal: leave.signal }).then(
      (blob) => {
        if (leave.signal.aborted) return
        src = URL.createObjectURL(blob)
        setShown({ src, error: null })
      },
      (error: unknown) => {
        if (!leave.signal.aborted) setShown({ src: null, error: error instanceof Error ? error : null })
      },
    )
    return () => {
      leave.abort()
      if (src !== null) URL.revokeObjectURL(src)
    }
  }, [client, url, isData])
  return isData ? { src: url, error: null } : shown
}
