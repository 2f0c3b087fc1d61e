import { useSyncExternalStore } from 'react'

const shares = new Map<Blob, number>()
const listeners = new Set<() => void>()

/** How much of a file has been sent while it is uploaded: from 0 to 1. Null: it is not being sent. */
export function useUploadShare(file: Blob | null): number | null {
  return useSyncExternalStore(subscribe, () => (file && shares.get(file)) ?? null)
}

/** `fetch`, which follows how much of a file has been sent: only XMLHttpRequest tells that. */
export const fetchWithUploadProgress: typeof fetch = async (input, init) => {
  const file = init?.body
  if (!(file instanceof Blob) || typeof input !== 'string') return fetch(input, init)
  try {
    return await sendFile(input, file, init ?? {})
  } finally {
    setShare(file, null)
  }
}

function sendFile(url: string, file: Blob, { method = 'POST', headers, signal }: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, url)
    for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded, total }) => setShare(file, loaded / Math.max(1, total)))
    request.addEventListener('load', () => {
      const type = request.getResponseHeader('content-type') ?? ''
      resolve(new Response(request.responseText, { status: request.status, headers: { 'content-type': type } }))
    })
    request.addEventListener('error', () => reject(new TypeError('Failed to fetch')))
    request.addEventListener('abort', () => reject(new DOMException('The upload was left.', 'AbortError')))
    signal?.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function setShare(file: Blob, share: number | null): void {
  if (share === null) shares.delete(file)
  else shares.set(file, share)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
