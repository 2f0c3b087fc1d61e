import { ConnectionLostError } from '../connection/connection-lost-error.ts'
import type { Endpoint } from '../connection/endpoint.ts'
import type { UploadedFile, UploadOptions } from '../segue-client.ts'
import type { HttpClient } from './http-client.ts'
import { createHttpError } from './read-result.ts'

/** Nothing may arrive for so long after the request began. A photo needs a few seconds to be converted. */
const idleTimeout = { timeoutMs: 120_000 }

/** Stores a file on the server, with the token. See `SegueClient.upload`. */
export async function uploadFile(
  { http, endpoint }: { readonly http: HttpClient; readonly endpoint: Endpoint },
  file: Blob,
  { name = readName(file), profile, signal }: UploadOptions,
): Promise<UploadedFile> {
  const query = new URLSearchParams({ ...(name && { name }), ...(profile !== undefined && { profile }) })
  // Without a type, a browser would send none, and the server would not take the request for one of a file.
  const headers = { 'content-type': file.type || 'application/octet-stream' }
  const init = { method: 'POST', body: file, headers, redirect: 'error' } as const
  return http.request({ url: `${endpoint.uploadUrl}?${query}`, init, idleTimeout }, readUpload, { signal })
}

/** A `File` has one, and it may be empty. */
function readName(file: Blob): string {
  return 'name' in file && typeof file.name === 'string' ? file.name : ''
}

async function* readUpload(response: Response): AsyncGenerator<UploadedFile, void> {
  if (!response.ok) throw await createHttpError(response)
  const upload: unknown = await response.json().catch(() => null)
  if (!isUpload(upload)) throw new ConnectionLostError('The response ended before it was complete.')
  const { url, mediaType, name } = upload
  yield { url, mediaType, ...(typeof name === 'string' && { name }) }
}

function isUpload(
  value: unknown,
): value is { readonly url: string; readonly mediaType: string; readonly name: unknown } {
  const hasFields =
    typeof value === 'object' && value !== null && 'url' in value && 'mediaType' in value && 'name' in value
  return hasFields && typeof value.url === 'string' && typeof value.mediaType === 'string'
}
