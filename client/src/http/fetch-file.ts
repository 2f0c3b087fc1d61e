import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import { SegueError } from '../segue-error.ts'
import type { Endpoint } from '../connection/endpoint.ts'
import type { HttpClient } from './http-client.ts'
import { createHttpError } from './read-result.ts'

/** Nothing may arrive for so long. */
const idleTimeout = { timeoutMs: 60_000 }

/** The bytes of a file of the server, read with the token. See `SegueClient.file`. */
export async function fetchFile(
  { http, endpoint }: { readonly http: HttpClient; readonly endpoint: Endpoint },
  fileUrl: string,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  const url = endpoint.resolveFileUrl(fileUrl)
  if (url === null) {
    throw new SegueError('BAD_USER_INPUT', 'The URL is not one of a file on this server. Read it without the client.')
  }
  // A redirect could lead the token elsewhere.
  return http.request({ url, init: { redirect: 'error' }, idleTimeout }, readBlob, { signal })
}

async function* readBlob(response: Response): AsyncGenerator<Blob, void> {
  if (response.status === 404) {
    throw new SegueError('NOT_FOUND', 'The server has no file at this URL. Read its message again.')
  }
  if (!response.ok) throw await createHttpError(response)
  const blob = await response.blob()
  // Browsers take a response as complete that ends within its headers.
  if (blob.size === 0 && response.headers.get('content-length') !== '0') {
    throw new ConnectionLostError('The response ended before the file was complete.')
  }
  yield blob
}
