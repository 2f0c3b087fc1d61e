import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { gunzip } from 'node:zlib'
import type { Plugin } from 'graphql-yoga'
import type { PlaygroundPage } from './render-worker.ts'

const baseHeaders = {
  'content-type': 'text/html; charset=utf-8',
  // Asked for anew each time, and sent anew only when a newer Segue has another one.
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding',
  // All of it is in the page: it can load nothing, and speak to nobody but this server.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'unsafe-inline' blob:",
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** GraphiQL for browsers that visit the API's own address. The page is made at the first visit, and kept. */
export function usePlayground(): Plugin {
  let page: Promise<PlaygroundPage> | null = null
  const loadPage = (): Promise<PlaygroundPage> => {
    page ??= renderPage().catch((error: unknown) => {
      page = null
      throw error
    })
    return page
  }
  return {
    async onRequest({ request, fetchAPI, endResponse }) {
      if (request.method !== 'GET' || !request.headers.get('accept')?.includes('text/html')) return
      const { gzipped, etag } = await loadPage()
      const responseHeaders = { ...baseHeaders, etag }
      if (matchesEtag(etag, request.headers))
        endResponse(new fetchAPI.Response(null, { status: 304, headers: responseHeaders }))
      else if (acceptsGzip(request.headers)) {
        endResponse(new fetchAPI.Response(gzipped, { headers: { ...responseHeaders, 'content-encoding': 'gzip' } }))
      } else endResponse(new fetchAPI.Response(await promisify(gunzip)(gzipped), { headers: responseHeaders }))
    },
  }
}

/** In a thread of its own, which takes its megabytes away again: here it would hold up every stream. */
async function renderPage(): Promise<PlaygroundPage> {
  const { promise, resolve, reject } = Promise.withResolvers<PlaygroundPage>()
  const worker = new Worker(new URL('./render-worker.ts', import.meta.url))
  worker.once('message', resolve).once('error', reject)
  worker.once('exit', () => reject(new Error('the playground was not rendered')))
  return promise
}

function matchesEtag(etag: string, requestHeaders: Headers): boolean {
  const etags = requestHeaders.get('if-none-match')?.split(',') ?? []
  return etags.some((tag) => tag.trim() === etag)
}

function acceptsGzip(requestHeaders: Headers): boolean {
  const codings = requestHeaders.get('accept-encoding')?.split(',') ?? []
  return codings.some((coding) => /^\s*(gzip|\*)\s*(;\s*q=(1|0?\.0*[1-9])|$)/i.test(coding))
}
