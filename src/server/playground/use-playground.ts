import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { gunzip } from 'node:zlib'
import type { Plugin } from 'graphql-yoga'
import { jsonMediaTypes, negotiateMediaType } from '../http/accept-header.ts'
import { createPageHeaders } from '../page-headers.ts'
import type { PlaygroundPage } from './render-worker.ts'

const baseHeaders = {
  'content-type': 'text/html; charset=utf-8',
  // The browser revalidates the page each time, and downloads it again only after an upgrade.
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding, origin',
  // The page is self-contained: it loads no other resource, and connects to this server only.
  ...createPageHeaders({
    'script-src': "'unsafe-inline' blob:",
    'worker-src': 'blob:',
    'style-src': "'unsafe-inline'",
    'font-src': 'data:',
    'img-src': 'data:',
    'connect-src': "'self'",
  }),
}

/** Serves GraphiQL to browsers that open the path of the API. The page is rendered at the first request. */
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
      if (request.method !== 'GET' || !prefersPage(request.headers)) return
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

function prefersPage(requestHeaders: Headers): boolean {
  return negotiateMediaType(requestHeaders.get('accept'), [...jsonMediaTypes, 'text/html']) === 'text/html'
}

/** Renders in a worker: on the main thread it would block all streams, and its memory would not be freed. */
async function renderPage(): Promise<PlaygroundPage> {
  const { promise, resolve, reject } = Promise.withResolvers<PlaygroundPage>()
  const worker = new Worker(new URL('./render-worker.ts', import.meta.url))
  worker.once('message', resolve).once('error', reject)
  worker.once('exit', () => reject(new Error('The playground worker exited before it had rendered the page.')))
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
